"""The cases of two companies for one customer, or of two customers for one company."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from reconciler.sandbox.messy.agreements import add_agreement
from reconciler.sandbox.messy.chances import chance
from reconciler.sandbox.messy.companies import Look, add_company
from reconciler.sandbox.messy.damages import Damaged, damaged
from reconciler.sandbox.messy.firms import located
from reconciler.sandbox.messy.legal import FORMS
from reconciler.sandbox.messy.playing import Evidence, Table, candidate, pair, undecided
from reconciler.sandbox.messy.solutions import add_solution
from reconciler.sandbox.messy.words import LOOK_ALIKE


def doubled_company(table: Table, dice: Random, case: str) -> None:
    """Add a customer whose company was entered twice. No data shows which of the two is in use."""
    firm = table.work.firms.next()
    name = damaged(firm, dice, 1).company
    twins = [candidate(table, dice, firm, name, identifier) for identifier in (firm.code, f"{firm.code}-2")]
    undecided(table, dice, case, name if chance(dice, 500) else firm.core, twins)


def doubled_decided(table: Table, dice: Random, case: str) -> None:
    """Add a customer whose company was entered twice. One of the two has the Managed ID."""
    firm = table.work.firms.next()
    names = Damaged(firm.name, firm.name)
    twin = add_company(table.work, table.setup, dice, firm, firm.name, Look(identifier=f"{firm.identifier}X"))
    add_agreement(table.work, table.setup, dice, twin, "Managed Services")
    pair(table, dice, case, firm, names, Evidence(managed_id=True))


def equally_near(table: Table, dice: Random, case: str) -> None:
    """Add a customer and two companies. The name of each company has one more word than the customer's name."""
    firm = table.work.firms.next()
    words = dice.sample(LOOK_ALIKE[firm.language], 2)
    others = [replace(table.work.firms.look_alike(firm, dice, word), form=firm.form) for word in words]
    companies = [candidate(table, dice, each, each.name) for each in others]
    undecided(table, dice, case, firm.core, companies)


def sisters(table: Table, dice: Random, case: str) -> None:
    """Add a customer without a legal form, and two companies whose names differ by their legal form."""
    firm = table.work.firms.next()
    one, other = dice.sample(FORMS[firm.language], 2)
    companies = [
        candidate(table, dice, located(replace(firm, form=form), dice), firm.core + form, identifier)
        for form, identifier in ((one, firm.code), (other, f"{firm.code}.B"))
    ]
    undecided(table, dice, case, firm.core, companies)


def rivals(table: Table, dice: Random, case: str) -> None:
    """Add two customers of one name, and one company."""
    firm = table.work.firms.next()
    company = candidate(table, dice, firm, firm.name)
    undecided(table, dice, case, firm.core if chance(dice, 500) else firm.name, [company], customers=2)


def twins_by_id(table: Table, dice: Random, case: str) -> None:
    """Add two customers and two companies of one name. The Managed IDs show which ones belong together."""
    firm = table.work.firms.next()
    names = Damaged(firm.name, firm.name)
    for identifier in (firm.identifier, f"{firm.identifier}_2"):
        look = Look(identifier=identifier)
        pair(table, dice, case, located(firm, dice), names, Evidence(managed_id=True), look=look)


def shared_id(table: Table, dice: Random, case: str) -> None:
    """Add a customer whose Managed ID two companies have. Neither company has the customer's name."""
    firms = [table.work.firms.next() for _ in range(2)]
    companies = [candidate(table, dice, firm, firm.name) for firm in firms]
    undecided(table, dice, case, table.work.firms.next().core, companies)
    for company in companies:
        add_solution(table.work, table.setup, dice, company, str(table.truths[-1].customer), None)
