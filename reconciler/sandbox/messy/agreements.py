"""The agreements of a company, and which of them bills its backup."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.messy.chances import chance, pick
from reconciler.sandbox.messy.companies import contact_of
from reconciler.sandbox.messy.custom import custom_values
from reconciler.sandbox.messy.lines import Lines, add_other_lines
from reconciler.sandbox.messy.setup import Setup
from reconciler.sandbox.messy.work import STAFF, Work

_NAMES: Final = (
    "Managed Services",
    "Managed Services Agreement",
    "MSP Gold: all-in",
    "Wartungsvertrag #2",
    "Support & Backup",
    "IT flat rate (24/7)",
)
_BACKUP_NAMES: Final = ("Backup", "Cloud Backup", "Online-Backup", "Backup & DR", "Datensicherung")
_LONGEST_NAME: Final = 100
_YEAR: Final = 365


@dataclass(frozen=True, slots=True)
class Billing:
    """The agreement of a customer, or those that are equally likely, and the lines that bill it today."""

    agreement: int | None = None
    agreements: list[int] = field(default_factory=list)
    additions: list[int] = field(default_factory=list)
    fits: bool = False


def arrange(work: Work, setup: Setup, dice: Random, company: Row, lines: Lines, name: str = "") -> Billing:
    """Give a company its agreements, with the lines that bill its backup and others."""
    name = name or dice.choice(_NAMES)
    match pick(dice, {"one": 76, "split": 13, "renewed": 6, "twins": 2, "family": 1, "over": 2}):
        case "split":
            add_other_lines(work, setup, dice, add_agreement(work, setup, dice, company, name))
            own = add_agreement(work, setup, dice, company, dice.choice(_BACKUP_NAMES), kind=_backup_type(dice))
        case "renewed":
            former = add_agreement(work, setup, dice, company, name, over=True)
            lines.add(work, setup, dice, former, stale=True)
            own = add_agreement(work, setup, dice, company, name)
        case "twins":
            own, other = (add_agreement(work, setup, dice, company, name) for _ in range(2))
            billed = lines.add(work, setup, dice, own)
            if not billed:
                return Billing(agreements=[own.id, other.id])
            return Billing(own.id, additions=billed, fits=lines.fits)
        case "family":
            parent = add_agreement(work, setup, dice, company, name)
            add_other_lines(work, setup, dice, parent)
            own = add_agreement(work, setup, dice, company, f"{name} - Backup", parent=parent.id)
        case "over":
            former = add_agreement(work, setup, dice, company, name, over=True)
            lines.add(work, setup, dice, former, stale=True)
            return Billing()
        case _:
            own = add_agreement(work, setup, dice, company, name)
            if chance(dice, 550):
                add_other_lines(work, setup, dice, own)
    billed = lines.add(work, setup, dice, own)
    return Billing(own.id, additions=billed, fits=bool(billed) and lines.fits)


def _backup_type(dice: Random) -> str:
    return dice.choice(("Backup (per GB)", "Hosted Services", "Managed Service"))


def add_agreement(
    work: Work,
    setup: Setup,
    dice: Random,
    company: Row,
    name: str,
    *,
    kind: str = "",
    over: bool = False,
    parent: int | None = None,
    plain: bool = False,
) -> Row:
    """Add an agreement of a company with contacts.

    One that is `over` has expired or was cancelled. A `plain` one has no end and nothing special.
    """
    start = dice.randrange(400 if over else 5, 860)
    if not chance(dice, 250):
        start = work.first_of_month(start)
    kind = kind or pick(dice, {"Managed Service": 60, "Maintenance": 10, "Hosted Services": 12, "MSP Gold: all-in": 8})
    body: dict[str, Any] = {
        "name": name[:_LONGEST_NAME],
        "type": {"id": setup.types[kind]},
        "company": {"id": company.id},
        "contact": {"id": contact_of(company)},
        "startDate": work.day(start),
    }
    if plain:
        body["noEndingDateFlag"] = True
    else:
        body |= _end(work, dice, start, over=over)
        body |= _extras(work, dice, start, str(company.data["name"]))
    if parent is not None:
        body["parentAgreement"] = {"id": parent}
    if values := custom_values(setup.fields, dice, "agreement"):
        body["customFields"] = values
    agreement = work.enter("agreement", body, dice, days_ago=start + 1)
    if not over:
        work.live.append(agreement)
    if chance(dice, 200):
        work.touched(agreement, dice.choice(STAFF), hours_ago=dice.randrange(1, 9000))
    return agreement


def _end(work: Work, dice: Random, start: int, *, over: bool) -> dict[str, Any]:
    """Return how an agreement ends that started so many days ago."""
    if over and chance(dice, 500):
        return {
            "cancelledFlag": True,
            "dateCancelled": work.day(dice.randrange(2, start)),
            "reasonCancelled": dice.choice(("moved away", "price: too high", "no reason given")),
            "noEndingDateFlag": True,
        }
    if over:
        return {"endDate": work.day(dice.randrange(2, start))}
    if chance(dice, 220):
        return {"endDate": work.day(-dice.randrange(60, 3 * _YEAR))}
    return {"noEndingDateFlag": True}


def _extras(work: Work, dice: Random, start: int, company: str) -> dict[str, Any]:
    """Return the fields that only some agreements have."""
    extras: tuple[tuple[int, dict[str, Any]], ...] = (
        (90, {"billStartDate": work.day(max(start - dice.randrange(1, 40), 3))}),
        (150, {"prorateFlag": True}),
        (25, {"billingCycle": {"name": dice.choice(("Quarterly", "Annually"))}}),
        (15, {"currency": {"currencyCode": "EUR"}}),
        (120, {"internalNotes": f"Call {company} first:\n\t- ask for the PO\n# {dice.randrange(9999)}"}),
        (100, {"customerPO": dice.choice(("PO 007", "n/a", "4500012345", "'s PO"))}),
        (60, {"billAmount": dice.randrange(10, 900)}),
    )
    return {name: value for share, fields in extras if chance(dice, share) for name, value in fields.items()}
