"""The companies without a customer in the console: vendors, prospects, former customers, doubles, odd ones."""

from __future__ import annotations

from random import Random
from typing import Final

from reconciler.sandbox.messy.agreements import arrange
from reconciler.sandbox.messy.chances import chance, pick
from reconciler.sandbox.messy.companies import Look, add_company, delete_company
from reconciler.sandbox.messy.damages import damaged
from reconciler.sandbox.messy.lines import Lines
from reconciler.sandbox.messy.setup import FORMER, Setup
from reconciler.sandbox.messy.work import Work

_SHARE: Final = 250
"""The number of companies without a customer for 1,000 customers."""


def add_bystanders(work: Work, setup: Setup, customers: int, odd_names: list[str]) -> None:
    """Add the MSP's own companies, companies with odd names, and those that every tenant has after some years."""
    dice = work.dice("bystanders")
    for name, kind in (("Sandbox MSP", "Owner"), ("Catchall (for unassigned)", "Customer"), ("XYZ Test", "Prospect")):
        look = Look(identifier=name, kind=kind, domain=False)
        add_company(work, setup, dice, work.firms.next(), name, look)
    for name in ["W" * 156, *odd_names][: 4 + customers // 4]:
        _add_odd(work, setup, dice, name)
    for _ in range(customers * _SHARE // 1000):
        _add(work, setup, dice)


def _add_odd(work: Work, setup: Setup, dice: Random, name: str) -> None:
    """Add a company with an odd name, whose Company ID and agreement are sometimes odd too."""
    firm = work.firms.next()
    look = Look(identifier=name if chance(dice, 500) else "", domain=False)
    company = add_company(work, setup, dice, firm, name, look)
    if not chance(dice, 300):
        arrange(work, setup, dice, company, Lines(0, "none", fits=False), name=name if chance(dice, 700) else "")


def _add(work: Work, setup: Setup, dice: Random) -> None:
    firm = work.firms.next()
    kind = pick(dice, {"Prospect": 40, "Vendor": 18, "Customer": 20, "former": 15, "Partner": 3, "deleted": 4})
    look = Look(
        status=dice.choice(("Inactive", FORMER)) if kind == "former" else "Active",
        kind="Customer" if kind in {"former", "deleted"} else kind,
        bare=chance(dice, 200),
        contacts=dice.randrange(3) if kind in {"Prospect", "Vendor", "deleted"} else None,
    )
    company = add_company(work, setup, dice, firm, damaged(firm, dice, dice.randrange(2)).company, look)
    if kind == "deleted":
        delete_company(work, company)
    elif kind in {"Customer", "former"}:
        used = dice.randrange(10, 900) * 10**9 if chance(dice, 100) else 0
        arrange(work, setup, dice, company, Lines.drawn(dice, used))
