"""The partners and devices of a seed: first the six customers of the example estate, then generated ones.

Each generated customer depends only on the seed and on its own number. So the customers of `--customers 10` are the
first ten of `--customers 1000`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Final

from reconciler.sandbox.cove.data.model import Device, Level, Partner, Segment, State

ROOT_ID: Final = 1_000_001
"""The id of the root partner, which is the login's own."""
ROOT_NAME: Final = "Sandbox MSP"
FIRST_CUSTOMER_ID: Final = 1_001_001
"""The id of the first customer; the others follow it."""
_RESELLERS: Final = ((1_000_101, "Quayside IT"), (1_000_102, "Lantern Networks"))
_FIRST_RESOLD: Final = 10
_SITE_IDS: Final = 1_500_000
_DEVICE_IDS: Final = 2_000_000
_DEVICES_PER_CUSTOMER: Final = 20
_BEFORE: Final = timedelta(days=400)
_GB: Final = 10**9
_MB: Final = 10**6


@dataclass(frozen=True, slots=True)
class _Fixed:
    """A customer of the example estate.

    Each device is a name, bytes or None, bytes per hour, the type of its system, and whether it belongs to the site.
    """

    name: str
    devices: tuple[tuple[str, int | None, int, int, bool], ...]
    site: str = ""


FIXED: Final = (
    _Fixed(
        "Alder Dental",
        (
            ("alder-srv01", 95_187_264_113, 9 * _MB, 2, False),
            ("alder-reception", 25_162_735_887, 3 * _MB, 1, False),
        ),
    ),
    _Fixed(
        "Birchwood Legal",
        (
            ("birchwood-srv01", 310_041_906_355, 9 * _MB, 2, False),
            ("birchwood-dms", 62_380_500_417, 4 * _MB, 2, False),
            ("birchwood-harbour-srv", 87_977_593_228, 2 * _MB, 2, True),
        ),
        site="Birchwood Legal - Harbour Street",
    ),
    _Fixed(
        "Cedar Logistics",
        (
            ("cedar-erp", 800_120_640_771, 90 * _MB, 2, False),
            ("cedar-files", 375_044_118_902, 40 * _MB, 2, False),
            ("cedar-dispatch", 75_135_240_327, 10 * _MB, 1, False),
        ),
    ),
    _Fixed(
        "Dogwood Clinic",
        (
            ("dogwood-srv01", 60_015_872_640, 3 * _MB, 2, False),
            ("dogwood-lab", 25_184_127_360, 2 * _MB, 1, False),
            ("dogwood-tablet", None, 0, 1, False),
        ),
    ),
    _Fixed(
        "Elmhurst Foundry",
        (
            ("elmhurst-srv01", 210_377_450_009, 14 * _MB, 2, False),
            ("elmhurst-cad", 90_222_549_991, 6 * _MB, 1, False),
        ),
    ),
    _Fixed(
        "Fir Internal Lab",
        (
            ("fir-hyperv", 32_150_880_256, 2 * _MB, 2, False),
            ("fir-laptop", 7_949_119_744, 1 * _MB, 1, False),
        ),
    ),
)
"""The customers of the example estate.

They use 120.35, 460.4, 1250.3, 85.2, 300.6 and 40.1 GB of 10^9 bytes. Each total is a little above a round figure and
grows slowly, so no customer crosses a price range within a month.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_TREES: Final = _words(
    "Ash Aspen Bay Beech Bramble Briar Cherry Chestnut Clover Cypress Fern Gorse Hawthorn Hazel Heather Hickory "
    "Holly Hornbeam Ivy Juniper Larch Laurel Lilac Linden Magnolia Maple Medlar Mulberry Myrtle Oak Olive Pear "
    "Pine Plane Poplar Quince Rowan Rosemary Sage Sequoia Sorrel Spruce Sumac Sycamore Tamarack Thistle Walnut "
    "Willow Wisteria Yew"
)
_TRADES: Final = _words(
    "Accounting Architects Bakery Brewing Builders Cabinets Catering Ceramics Chemists Couriers Dairy Dental "
    "Design Electric Engineering Estates Farms Finance Fisheries Freight Gallery Garage Glass Hotels Insurance "
    "Joinery Legal Logistics Masonry Media Optics Packaging Physio Plumbing Press Robotics Schools Surveys "
    "Textiles Tools Travel Vets"
)
_TOWNS: Final = _words("Northgate Southbank Eastfield Westhill Millbrook Stonebridge Fairview Highfield Lakeside")
_SIZES_GB: Final = ((5, 50), (50, 250), (250, 1000), (1000, 5000))
_SIZE_WEIGHTS: Final = (40, 35, 18, 7)


def populate(seed: int, customers: int, started: datetime) -> tuple[list[Partner], list[Device]]:
    """Return all partners and devices at the time `started`, parents before children.

    There are the root partner, two resellers when a customer belongs to one, and the customers with their sites.
    """
    since = started - _BEFORE
    partners = [Partner(ROOT_ID, 0, ROOT_NAME, Level.SUB_ROOT, State.IN_PRODUCTION, since)]
    if customers >= _FIRST_RESOLD:
        partners += [
            Partner(reseller_id, ROOT_ID, name, Level.RESELLER, State.IN_PRODUCTION, since)
            for reseller_id, name in _RESELLERS
        ]
    devices: list[Device] = []
    for number in range(1, customers + 1):
        if number <= len(FIXED):
            more_partners, more_devices = _fixed(number, started)
        else:
            more_partners, more_devices = _generated(seed, number, started)
        partners += more_partners
        for place, device in enumerate(more_devices):
            device.id = _DEVICE_IDS + number * _DEVICES_PER_CUSTOMER + place
            devices.append(device)
    return partners, devices


def _fixed(number: int, started: datetime) -> tuple[list[Partner], list[Device]]:
    fixed, since = FIXED[number - 1], started - _BEFORE
    customer_id, site_id = FIRST_CUSTOMER_ID + number - 1, _SITE_IDS + number
    partners = [Partner(customer_id, ROOT_ID, fixed.name, Level.END_CUSTOMER, State.IN_PRODUCTION, since)]
    if fixed.site:
        partners.append(Partner(site_id, customer_id, fixed.site, Level.SITE, State.IN_PRODUCTION, since))
    devices = [
        Device(0, site_id if on_site else customer_id, name, since, [Segment(started, used, per_hour)], os_type)
        for name, used, per_hour, os_type, on_site in fixed.devices
    ]
    return partners, devices


def _generated(seed: int, number: int, started: datetime) -> tuple[list[Partner], list[Device]]:
    dice = Random(f"{seed}/{number}")  # noqa: S311 - made-up customers, no secrets
    customer_id, site_id = FIRST_CUSTOMER_ID + number - 1, _SITE_IDS + number
    # Some customers have the same name as the one before: two customers with one name stay two.
    name = customer_name(seed, number - 1 if number % 40 == 12 else number)
    state = State.IN_TRIAL if number % 25 == 3 else State.IN_PRODUCTION
    parent_id = _RESELLERS[number // 5 % len(_RESELLERS)][0] if number % 5 == 0 else ROOT_ID
    created = started - _BEFORE + timedelta(hours=dice.randrange(300 * 24))
    code = f"ACC-{number:05d}" if number % 3 else ""
    partners = [Partner(customer_id, parent_id, name, Level.END_CUSTOMER, state, created, code)]
    if number == 9:
        return partners, []  # a customer without devices
    if number % 7 == 0:
        partners.append(Partner(site_id, customer_id, f"{name} - Branch", Level.SITE, state, created))

    low, high = dice.choices(_SIZES_GB, _SIZE_WEIGHTS)[0]
    total = dice.randrange(low * _GB, high * _GB)
    weights = [dice.randrange(1, 10) for _ in range(dice.choices((1, 2, 3, 4, 5), (10, 25, 30, 25, 10))[0])]
    shares = [total * weight // sum(weights) for weight in weights]
    shares[0] += total - sum(shares)
    devices = []
    for place, share in enumerate(shares):
        os_type, account_type = (2, 1) if place == 0 else dice.choice(((1, 1), (1, 1), (0, 2)))
        segment = Segment(started, share, share * dice.randrange(1, 20) // 10**6)
        owner = site_id if len(partners) == 2 and place == len(shares) - 1 else customer_id
        slug = name.split()[0].lower()
        label = f"{slug}-m365-{place + 1}" if account_type == 2 else f"{slug}-{place + 1:02d}"
        virtual = dice.random() < 0.5
        devices.append(Device(0, owner, label, created, [segment], os_type, account_type, virtual))
    return partners, devices


def customer_name(seed: int, number: int) -> str:
    """Return the name of a generated customer. The first 18,900 names of a seed differ."""
    count = len(_TREES) * len(_TRADES) * len(_TOWNS)
    place = (number * 7919 + seed * 104_729) % count
    place, town = divmod(place, len(_TOWNS))
    tree, trade = divmod(place, len(_TRADES))
    return f"{_TREES[tree]} {_TRADES[trade]} {_TOWNS[town]}"
