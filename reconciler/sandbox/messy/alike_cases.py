"""The cases of firms that look alike: by one more word, another city, another number or another letter."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from reconciler.sandbox.messy.console import add_customer, known
from reconciler.sandbox.messy.damages import Damaged, damaged
from reconciler.sandbox.messy.firms import Firm, located
from reconciler.sandbox.messy.places import PLACES
from reconciler.sandbox.messy.playing import Table, bystander, candidate, matched, undecided


def with_look_alike(table: Table, dice: Random, case: str) -> None:
    """Add a customer with its company, and another company whose name has one more word."""
    firm = table.work.firms.next()
    other = table.work.firms.look_alike(firm, dice)
    matched(table, dice, case, firm=firm, names=damaged(firm, dice, 1))
    bystander(table, dice, other, other.name)


def neighbours(table: Table, dice: Random, case: str) -> None:
    """Add two customers with a company each, whose names differ by one word."""
    firm = table.work.firms.next()
    other = table.work.firms.look_alike(firm, dice)
    for each in (firm, other):
        damages = ("console: legal form dropped",) if each.form else ()
        matched(table, dice, case, firm=each, names=Damaged(each.core, each.name, damages))


def only_look_alike(table: Table, dice: Random, case: str) -> None:
    """Add a customer without a company, and the company of another firm whose name has one more word."""
    firm = table.work.firms.next()
    other = table.work.firms.look_alike(firm, dice)
    profile = known(firm, dice, domain=True, address=True)
    table.truths.append(add_customer(table.work, dice, firm.name, case=case, profile=profile))
    bystander(table, dice, other, other.name)


def branches(table: Table, dice: Random, case: str) -> None:
    """Add two customers and two companies of one name, each with its own city."""
    for firm in _in_two_cities(table, dice):
        city = firm.place.city
        matched(table, dice, case, firm=firm, names=Damaged(f"{firm.core} {city}", f"{firm.core} - {city}{firm.form}"))


def one_of_the_branches(table: Table, dice: Random, case: str) -> None:
    """Add a customer without a city in its name, and two companies of that name with their cities."""
    firms = _in_two_cities(table, dice)
    companies = [candidate(table, dice, each, f"{each.core} - {each.place.city}{each.form}") for each in firms]
    undecided(table, dice, case, firms[0].core, companies)


def _in_two_cities(table: Table, dice: Random) -> list[Firm]:
    firm = table.work.firms.next()
    places = dice.sample(PLACES[firm.language], 2)
    return [replace(firm, place=place, number=table.work.firms.number()) for place in places]


def numbered(table: Table, dice: Random, case: str) -> None:
    """Add two customers and two companies whose names differ by a number."""
    firm = table.work.firms.next()
    first = dice.randrange(1, 90)
    for number in (first, first + dice.choice((1, 9, 10))):
        each = located(replace(firm, core=f"{firm.core} {number}", number=table.work.firms.number()), dice)
        matched(table, dice, case, firm=each, names=Damaged(f"{firm.core} #{number}", each.name))


def one_letter_apart(table: Table, dice: Random, case: str) -> None:
    """Add two customers and two companies of two firms, whose names differ by one letter."""
    for firm in table.work.firms.one_letter_apart(dice) or (table.work.firms.next(), table.work.firms.next()):
        matched(table, dice, case, firm=firm, names=Damaged(firm.core, firm.name))


def only_one_letter_apart(table: Table, dice: Random, case: str) -> None:
    """Add a customer without a company, and the company of another firm whose name differs by one letter."""
    firm, other = table.work.firms.one_letter_apart(dice) or (table.work.firms.next(), table.work.firms.next())
    profile = known(firm, dice, domain=True, address=True)
    table.truths.append(add_customer(table.work, dice, firm.name, case=case, profile=profile))
    bystander(table, dice, other, other.name)
