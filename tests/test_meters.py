"""Test that each built-in meter of the console's devices bills what an independent count of the sandbox gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_CEILING, Decimal
from typing import Any

from reconciler.sandbox.cove.data.model import Device, State
from tests.shop import ALDER, GB, Shop

AGREEMENT = "Alder Dental - Managed Backup"
WORKSTATION, SERVER = 1, 2
DEVICES: Sequence[Mapping[str, Any]] = (
    {"used": 900_000_000_000, "os_type": SERVER},
    {"used": 700_500_000_000, "os_type": SERVER},
    {"used": 0, "os_type": SERVER, "virtual": True},
    {"used": 30_000_000_000, "os_type": WORKSTATION},
    {"used": 20_000_000_001, "os_type": WORKSTATION, "virtual": True},
    {"used": 5_000_000_000, "os_type": WORKSTATION, "product": "Documents"},
    {"used": 4_000_000_000, "os_type": WORKSTATION, "product": "Documents"},
    {"used": 3_000_000_000, "os_type": WORKSTATION, "product": "Documents"},
    {"used": 60_000_000_000, "os_type": 0, "account_type": 2},
)
"""The devices of one customer. The last one is a Microsoft 365 tenant."""

COUNTED: Mapping[str, Callable[[Mapping[str, Any]], bool]] = {
    "devices": lambda each: True,
    "physical-servers": lambda each: each["os_type"] == SERVER and not each.get("virtual"),
    "virtual-servers": lambda each: each["os_type"] == SERVER and bool(each.get("virtual")),
    "workstations": lambda each: each["os_type"] == WORKSTATION and each.get("product") != "Documents",
    "documents": lambda each: each["os_type"] == WORKSTATION and each.get("product") == "Documents",
}


def gigabytes(size: Decimal) -> int:
    """Return a size in whole gigabytes, rounded up."""
    return int((size / GB).to_integral_value(ROUND_CEILING))


def with_devices(shop: Shop) -> list[Device]:
    """Leave one customer, and give it the devices of `DEVICES`."""
    shop.only(ALDER)
    for device in [each for each in shop.world.devices.values() if each.partner_id == ALDER]:
        shop.world.remove_device(device.id, shop.time)
    made = []
    for fields in DEVICES:
        device = shop.world.add_device(ALDER, shop.time, fields["used"])
        for name in fields.keys() - {"used"}:
            setattr(device, name, fields[name])
        made.append(device)
    return made


def with_charges(shop: Shop, meters: Sequence[str]) -> None:
    """Bill each of these meters by a charge of its own."""
    lines = [f"    - {{meter: {meter}, product: backup-gb, price: {place + 1}}}" for place, meter in enumerate(meters)]
    text = "\n".join(["  charges:", *lines, ""])
    shop.edit("customers/alder-dental.yaml", '  managedId: "1001001"\n', f'  managedId: "1001001"\n{text}')
    shop.edit("defaults.yaml", "product: backup-gb", "lines: rolling")


def billed(shop: Shop) -> dict[str, int]:
    """Return the quantity of each charge in ConnectWise, by the last part of its tag."""
    agreement = shop.one("/finance/agreements", name=AGREEMENT)
    rows = shop.get(f"/finance/agreements/{agreement['id']}/additions")
    return {row["serialNumber"].rpartition("/")[2]: row["quantity"] for row in rows}


def test_each_built_in_meter_bills_what_an_independent_count_gives(shop: Shop) -> None:
    with_devices(shop)
    with_charges(shop, ["storage", "selected-size", *COUNTED])
    shop.apply()

    used = sum((Decimal(each["used"]) for each in DEVICES), Decimal(0))
    selected = sum((Decimal(each["used"] * 6 // 5) for each in DEVICES), Decimal(0))
    assert billed(shop) == {
        "storage": gigabytes(used),
        "selected-size": gigabytes(selected),
        **{name: sum(map(fits, DEVICES)) for name, fits in COUNTED.items()},
    }


def test_a_device_that_no_count_takes_is_listed_with_its_id_and_its_name(shop: Shop) -> None:
    made = with_devices(shop)
    with_charges(shop, ["physical-servers", "virtual-servers", "workstations", "documents"])
    said = shop.apply(code=5)

    assert f"device {made[-1].id} ({made[-1].name}) of Alder Dental" in " ".join(said.out.split())


def test_a_customer_in_trial_bills_from_the_month_in_which_its_trial_ends(shop: Shop) -> None:
    shop.only(ALDER)
    shop.world.set_state(ALDER, State.IN_TRIAL, shop.time)
    said = shop.apply()
    assert "trial" in said.out
    assert billed(shop) == {}

    shop.advance()
    shop.world.set_state(ALDER, State.IN_PRODUCTION, shop.time)
    shop.apply("--only", "usage")
    assert billed(shop) == {"storage": 121}
