"""The customers of the console: partners in a small tree, and their devices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Final

from reconciler.sandbox.cove.data.model import Device, Level, Partner, Profile, Segment, State
from reconciler.sandbox.cove.data.population import FIRST_CUSTOMER_ID
from reconciler.sandbox.messy.chances import chance
from reconciler.sandbox.messy.firms import Firm
from reconciler.sandbox.messy.places import SHORT_STREET
from reconciler.sandbox.messy.truth import Customer
from reconciler.sandbox.messy.work import Work

_RESELLERS: Final = (
    (1_000_101, 0, "Quayside IT", Level.RESELLER),
    (1_000_102, 0, "Lantern Networks GmbH", Level.RESELLER),
    (1_000_103, 1_000_101, "Quayside IT - North", Level.SERVICE_ORGANIZATION),
    (1_000_104, 0, "Überlingen Systemhaus", Level.RESELLER),
)
"""Partners between the root and the customers: id, parent (0: the root), name and level."""
_SITE_IDS: Final = 1_500_000
_DEVICE_IDS: Final = 2_000_000
_DEVICES_PER_CUSTOMER: Final = 20
_GB: Final = 10**9
_SIZES_GB: Final = ((5, 50), (50, 250), (250, 1000), (1000, 5000))


@dataclass(frozen=True, slots=True)
class Kind:
    """The kind of a customer: its state, whether it is in the recycle bin, and whether it has devices."""

    state: State = State.IN_PRODUCTION
    recycled: bool = False
    devices: bool = True

    @classmethod
    def drawn(cls, dice: Random) -> Kind:
        """Return a kind in realistic proportions. Most customers are in production."""
        state = dice.choices(
            (State.IN_PRODUCTION, State.IN_TRIAL, State.EXPIRED, State.REGISTERED, State.UNDEFINED), (930, 45, 15, 5, 5)
        )[0]
        return cls(state, recycled=chance(dice, 20), devices=not chance(dice, 30))


def add_tree(work: Work) -> None:
    """Add the partners between the root and the customers. One of them has a device of its own."""
    world, since = work.world, work.now - timedelta(days=900)
    for partner_id, parent_id, name, level in _RESELLERS:
        parent = parent_id or world.root_id
        world.put(Partner(partner_id, parent, name, level, State.IN_PRODUCTION, since))
    own = Device(_DEVICE_IDS, _RESELLERS[0][0], "quayside-nas", since, [Segment(work.now, 73 * _GB, 10**6)], 2)
    world.devices[own.id] = own


def add_customer(
    work: Work,
    dice: Random,
    name: str,
    *,
    case: str,
    kind: Kind | None = None,
    profile: Profile | None = None,
    code: str = "",
) -> Customer:
    """Add a customer with devices, and return its truth without a company."""
    kind = kind or Kind()
    work.number += 1
    number, world = work.number, work.world
    customer_id, site_id = FIRST_CUSTOMER_ID + number - 1, _SITE_IDS + number
    created = work.now - timedelta(hours=dice.randrange(24, 700 * 24))
    parent_id = dice.choice(_RESELLERS)[0] if chance(dice, 200) else world.root_id
    partner = Partner(customer_id, parent_id, name, Level.END_CUSTOMER, kind.state, created, code)
    partner.profile = profile or Profile()
    world.put(partner)
    owners = [customer_id]
    if chance(dice, 80):  # the share of customers with a site
        world.put(Partner(site_id, customer_id, f"{name} - Branch", Level.SITE, kind.state, created))
        owners.append(site_id)
    devices = _devices(work, dice, number, owners) if kind.devices else []
    for device in devices:
        world.devices[device.id] = device
    if kind.recycled:
        world.recycle(customer_id, work.now)
    used = sum(device.segments[0].used or 0 for device in devices)
    return Customer(customer_id, name, case, kind.state.value, kind.recycled, len(devices), used)


def _devices(work: Work, dice: Random, number: int, owners: list[int]) -> list[Device]:
    low, high = dice.choices(_SIZES_GB, (40, 35, 18, 7))[0]
    total = dice.randrange(low * _GB, high * _GB)
    weights = [dice.randrange(1, 10) for _ in range(dice.choices((1, 2, 3, 4), (25, 35, 25, 15))[0])]
    devices = []
    for place, weight in enumerate(weights):
        share: int | None = total * weight // sum(weights)
        if place and chance(dice, 30):  # the share of devices that never finished a backup
            share = None
        os_type, account_type = (2, 1) if place == 0 else dice.choice(((1, 1), (1, 1), (0, 2)))
        segment = Segment(work.now, share, (share or 0) * dice.randrange(1, 20) // 10**6)
        identity = _DEVICE_IDS + number * _DEVICES_PER_CUSTOMER + place
        created = work.now - timedelta(hours=dice.randrange(24, 700 * 24))
        label = f"{'m365' if account_type == 2 else 'srv'}-{number}-{place + 1}"
        owner = owners[-1] if place == len(weights) - 1 else owners[0]
        devices.append(Device(identity, owner, label, created, [segment], os_type, account_type))
    return devices


def known(firm: Firm, dice: Random, *, domain: bool, address: bool) -> Profile:
    """Return the console's contact details of a firm. Without its domain, reports may have the MSP's own sender."""
    website = mail_from = ""
    if domain and chance(dice, 500):
        website = dice.choice((f"https://www.{firm.domain}/", f"www.{firm.domain}", firm.domain.upper()))
    elif domain:
        mail_from = f"{dice.choice(('backup', 'it', 'info'))}@{firm.domain}"
    elif chance(dice, 60):  # the share of customers whose reports the MSP sends
        mail_from = "backup-reports@sandbox-msp.example"
    legal_name = firm.name if chance(dice, 100) else ""
    if not address:
        return Profile(legal_name=legal_name, website=website, mail_from=mail_from)
    street = firm.street
    if chance(dice, 400):  # the share of shortened streets
        for long, short in SHORT_STREET:
            street = street.replace(long, short)
    place = firm.place
    return Profile(legal_name, "", website, mail_from, street, place.city, place.state, place.zip_code, place.code)
