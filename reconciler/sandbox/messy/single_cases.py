"""The cases of one customer with at most one possible company."""

from __future__ import annotations

from random import Random

from reconciler.sandbox.messy.chances import chance
from reconciler.sandbox.messy.companies import Look, add_company, delete_company
from reconciler.sandbox.messy.console import Kind, add_customer, known
from reconciler.sandbox.messy.damages import Damaged, damaged
from reconciler.sandbox.messy.oddities import long_name
from reconciler.sandbox.messy.playing import Evidence, Table, matched, pair
from reconciler.sandbox.messy.setup import FORMER


def no_company(table: Table, dice: Random, case: str) -> None:
    """Add a customer without a company."""
    firm = table.work.firms.next()
    profile = known(firm, dice, domain=chance(dice, 300), address=chance(dice, 300))
    table.truths.append(add_customer(table.work, dice, firm.name, case=case, kind=Kind.drawn(dice), profile=profile))


def renamed(table: Table, dice: Random, case: str) -> None:
    """Add a customer whose company was renamed. The Managed ID shows that they belong together."""
    firm, former = table.work.firms.next(), table.work.firms.next()
    names = Damaged(former.core, firm.name, ("console: former name",))
    pair(table, dice, case, firm, names, Evidence(managed_id=True), kind=Kind.drawn(dice))


def initials(table: Table, dice: Random, case: str) -> None:
    """Add a customer with the initials of its company as its name, and with the domain of its website."""
    firm = table.work.firms.next()
    short = firm.initials
    names = Damaged(f"{short}{firm.form}" if len(short) > 2 else short, firm.name, ("console: initials",))
    pair(table, dice, case, firm, names, Evidence(domain=True, address=True))


def deleted_company(table: Table, dice: Random, case: str) -> None:
    """Add a customer whose company was deleted in ConnectWise."""
    firm = table.work.firms.next()
    company = add_company(table.work, table.setup, dice, firm, firm.name, Look())
    delete_company(table.work, company)
    table.truths.append(add_customer(table.work, dice, firm.name, case=case))


def inactive_company(table: Table, dice: Random, case: str) -> None:
    """Add a customer whose company is inactive, though its backup still runs."""
    firm = table.work.firms.next()
    look = Look(status=dice.choice(("Inactive", FORMER)))
    pair(table, dice, case, firm, damaged(firm, dice, 1), Evidence.drawn(dice), look=look)


def odd_name(table: Table, dice: Random, case: str) -> None:
    """Add a customer and a company with one odd name, such as `null` or one of 156 characters."""
    firm = table.work.firms.next()
    left = table.odd_names
    name = left.pop() if left and not chance(dice, 200) else long_name(firm, dice)
    matched(table, dice, case, firm=firm, names=Damaged(name, name))
