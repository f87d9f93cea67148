"""The text of additions on the invoice, from the template of a charge."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.invoice_text import invoice_text
from reconciler.kinds.billing_rules import Allowance
from reconciler.kinds.meters import BUILT_IN
from reconciler.ledger.store import Ledger
from reconciler.metering.measures import DeviceReading, HourTotal, Measured
from reconciler.rating.rate import ChargeLine
from tests.additions.builders import changes
from tests.additions.scene import Scene
from tests.metering.builders import NOON, rule
from tests.planning.builders import agreement, mapping

D = Decimal
TEXT = "Backup {period}: {quantity} {unit}, {devices} devices, {allowance} free, {charge} of {customer}"


def hour(*sizes: int) -> HourTotal:
    devices = tuple(DeviceReading(f"d{index}", size, NOON, held=False) for index, size in enumerate(sizes))
    return HourTotal(NOON, 1, NOON, devices, ())


def text_of(*, allowance: Allowance | None = None, measured: Measured | None = None, unit: str | None = "GB") -> str:
    of = replace(rule("1"), invoice_text=TEXT, allowance=allowance, unit=unit)
    charge = Charge("acme", "cove", "1", "billed", "", customer_name="Acme", measured=measured)
    return str(invoice_text(of, charge, ChargeLine("gb", D("120.50"), D(1)), "2026-11"))


def test_a_charge_without_a_template_has_no_text() -> None:
    charge = Charge("acme", "cove", "1", "billed", "")
    assert invoice_text(rule("1"), charge, ChargeLine("gb", D(1), D(1)), "2026-11") is None


def test_numbers_and_the_month_have_one_form() -> None:
    measured = Measured("last", (hour(5, 0, 7),), 1)
    assert text_of(measured=measured) == "Backup 2026-11: 120.5 GB, 2 devices, 0 free, storage of Acme"
    assert text_of(unit=None) == "Backup 2026-11: 120.5 , 0 devices, 0 free, storage of Acme"


def test_the_allowance_is_that_of_the_customer_of_all_devices_or_of_all_units() -> None:
    measured = Measured("mean", (hour(5), hour(5, 7)), 2, others=3)
    assert " 100 free" in text_of(allowance=Allowance(D(100), "customer"), measured=measured)
    assert " 200 free" in text_of(allowance=Allowance(D(100), "device"), measured=measured)
    servers = Allowance(D(100), "physical-servers", BUILT_IN["physical-servers"])
    assert " 150 free" in text_of(allowance=servers, measured=measured)
    assert " 0 free" in text_of(allowance=servers)


def test_a_declared_text_is_written_and_follows_usage(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(mapping(invoiceText="{quantity} {unit} in {period}"))
    (made,) = scene.hour({"77": "120"})
    assert changes(made)["invoiceDescription"] == (None, "120 GB in 2026-11")
    assert scene.plan().actions == ()
    (moved,) = scene.hour({"77": "121"})
    assert changes(moved) == {
        "quantity": ("120", "121"),
        "invoiceDescription": ("120 GB in 2026-11", "121 GB in 2026-11"),
    }


def test_a_text_that_changes_alone_is_named_in_the_reason(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.hour({"77": "120"})
    scene.additions[0].raw["invoiceDescription"] = "Managed backup"
    assert scene.plan().actions == (), "without a template, the text stays"
    scene.declare(mapping(invoiceText="Backup of {customer}"))
    (found,) = scene.plan().actions
    assert changes(found) == {"invoiceDescription": ("Managed backup", "Backup of Customer 77")}
    assert found.reason.startswith("text; ")
    assert found.money is not None
    assert found.money.before == found.money.after


def test_a_text_edited_by_hand_is_drift(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(mapping(invoiceText="Backup"))
    scene.hour({"77": "120"})
    scene.additions[0].raw["invoiceDescription"] = "Cheap backup"
    scene.now += timedelta(hours=1)
    scene.uses({"77": "120"})
    part = scene.plan()
    assert [changes(each) for each in part.actions] == [{"invoiceDescription": ("Cheap backup", "Backup")}]
    assert "edited by hand: invoiceDescription Backup → Cheap backup" in [note.message for note in part.notes]


def test_a_product_without_usage_keeps_its_text(ledger: Ledger) -> None:
    scene = Scene(ledger)
    ranges = [{"upTo": D(100), "product": "gb"}, {"product": {"id": 4}}]
    scene.declare(mapping(product=None, ranges=ranges, invoiceText="{quantity} {unit}"))
    assert all("invoiceDescription" in changes(each) for each in scene.hour({"77": "50"}))


def test_the_text_of_one_charge_changes_no_other(ledger: Ledger) -> None:
    scene = Scene(ledger)
    charges = [{"product": "gb", "invoiceText": "{charge}"}, {"meter": "devices", "product": "gb"}]
    scene.declare(mapping(product=None, charges=charges))
    texts = [changes(each).get("invoiceDescription") for each in scene.hour({"77": "50"})]
    assert texts == [(None, "storage"), None]


def test_the_addition_of_one_month_names_its_month(ledger: Ledger) -> None:
    scene = Scene(ledger)
    scene.declare(agreement(invoiced="arrears"), mapping(invoiceText="Backup in {period}"))
    (made,) = scene.hour({"77": "50"})
    assert made.address.endswith("@2026-11")
    assert changes(made)["invoiceDescription"] == (None, "Backup in 2026-11")
