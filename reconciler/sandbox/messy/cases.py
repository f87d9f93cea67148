"""The cases: how a customer of the console and the companies of ConnectWise belong together.

Each case adds one or two customers, and the truth of them. The cases come in the order of a shuffled deck of 200
cards, so every 200 customers have the same proportions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.messy.agreements import Billing, add_agreement, arrange
from reconciler.sandbox.messy.chances import chance, pick
from reconciler.sandbox.messy.companies import Look, add_company, delete_company
from reconciler.sandbox.messy.console import Kind, add_customer, known
from reconciler.sandbox.messy.damages import Damaged, damaged
from reconciler.sandbox.messy.firms import Firm, located
from reconciler.sandbox.messy.legal import FORMS
from reconciler.sandbox.messy.lines import Lines
from reconciler.sandbox.messy.oddities import long_name
from reconciler.sandbox.messy.setup import FORMER, Setup
from reconciler.sandbox.messy.solutions import add_other_solution, add_solution
from reconciler.sandbox.messy.truth import Customer
from reconciler.sandbox.messy.words import LOOK_ALIKE
from reconciler.sandbox.messy.work import Work


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for the company of a customer besides the name and the lines."""

    managed_id: bool = False
    code: str = ""
    domain: bool = False
    address: bool = False

    @classmethod
    def drawn(cls, dice: Random) -> Evidence:
        """Return evidence in realistic proportions: often there is none."""
        code = pick(dice, {"": 75, "identifier": 12, "account": 8, "other": 5})
        return cls(chance(dice, 250), code, chance(dice, 400), chance(dice, 350))


@dataclass(frozen=True, slots=True)
class Table:
    """Where the cases are played: the estate in the making, its setup, the truths so far, and odd names to use."""

    work: Work
    setup: Setup
    truths: list[Customer]
    odd_names: list[str]


Case = Callable[[Table, Random, str], None]


def matched(table: Table, dice: Random, case: str, *, names: Damaged | None = None, firm: Firm | None = None) -> None:
    """A customer with one company, whose names have up to two damages."""
    firm = firm or table.work.firms.next()
    names = names or damaged(firm, dice, pick(dice, {0: 10, 1: 50, 2: 40}))
    _pair(table, dice, case, firm, names, Evidence.drawn(dice), look=Look(bare=chance(dice, 60)), kind=Kind.drawn(dice))


def _pair(
    table: Table,
    dice: Random,
    case: str,
    firm: Firm,
    names: Damaged,
    evidence: Evidence,
    *,
    look: Look | None = None,
    kind: Kind | None = None,
) -> None:
    """Add a customer and its company, with agreements and evidence, and their truth."""
    look = look or Look()
    work, setup = table.work, table.setup
    code = {"identifier": look.identifier or firm.identifier, "account": firm.account, "other": f"X{firm.number}"}
    profile = known(firm, dice, domain=evidence.domain, address=evidence.address)
    truth = add_customer(
        work, dice, names.console, case=case, kind=kind, profile=profile, code=code.get(evidence.code, "")
    )
    look = replace(look, account=evidence.code == "account" or chance(dice, 200))
    company = add_company(work, setup, dice, firm, names.company, look)
    billing = Billing()
    if not chance(dice, 20):
        billing = arrange(work, setup, dice, company, Lines.drawn(dice, truth.used_bytes))
    if evidence.managed_id:
        add_solution(work, setup, dice, company, str(truth.customer), billing.agreement)
    elif chance(dice, 50):
        add_other_solution(work, setup, dice, company)
    _belongs(truth, company, billing)
    truth.damages = list(names.damages)
    given = {
        "managed-id": evidence.managed_id,
        "external-code": evidence.code in {"identifier", "account"},
        "domain": evidence.domain and any(each.endswith(f"@{firm.domain}") for each in work.mails[company.id]),
        "address": evidence.address and not look.bare,
        "quantity": billing.fits,
    }
    truth.evidence = [name for name, there in given.items() if there]
    table.truths.append(truth)


def _belongs(truth: Customer, company: Row, billing: Billing) -> None:
    truth.company, truth.company_name = company.id, company.data["name"]
    truth.agreement, truth.agreements = billing.agreement, billing.agreements
    truth.additions, truth.fits = billing.additions, billing.fits
    truth.addition = billing.additions[0] if len(billing.additions) == 1 else None


def _bystander(table: Table, dice: Random, firm: Firm, name: str, look: Look | None = None) -> Row:
    """Add a company that has an agreement, and nothing that speaks for any customer."""
    company = add_company(table.work, table.setup, dice, firm, name, look or Look())
    add_agreement(table.work, table.setup, dice, company, "Managed Services")
    return company


def _undecided(table: Table, dice: Random, case: str, name: str, candidates: list[Row], *, customers: int = 1) -> None:
    """Add customers of one name that could equally belong to each of the candidates."""
    for _ in range(customers):
        truth = add_customer(table.work, dice, name, case=case)
        truth.ambiguous, truth.candidates = True, [each.id for each in candidates]
        table.truths.append(truth)


def with_look_alike(table: Table, dice: Random, case: str) -> None:
    """A customer with its company, and another company whose name has one more word."""
    firm = table.work.firms.next()
    other = table.work.firms.look_alike(firm, dice)
    matched(table, dice, case, firm=firm, names=damaged(firm, dice, 1))
    _bystander(table, dice, other, other.name)


def neighbours(table: Table, dice: Random, case: str) -> None:
    """Two customers with a company each, whose names differ by one word."""
    firm = table.work.firms.next()
    other = table.work.firms.look_alike(firm, dice)
    for each in (firm, other):
        damages = ("console: legal form dropped",) if each.form else ()
        matched(table, dice, case, firm=each, names=Damaged(each.core, each.name, damages))


def no_company(table: Table, dice: Random, case: str) -> None:
    """A customer without a company."""
    firm = table.work.firms.next()
    profile = known(firm, dice, domain=chance(dice, 300), address=chance(dice, 300))
    table.truths.append(add_customer(table.work, dice, firm.name, case=case, kind=Kind.drawn(dice), profile=profile))


def only_look_alike(table: Table, dice: Random, case: str) -> None:
    """A customer without a company, and the company of another firm whose name has one more word."""
    firm = table.work.firms.next()
    other = table.work.firms.look_alike(firm, dice)
    profile = known(firm, dice, domain=True, address=True)
    table.truths.append(add_customer(table.work, dice, firm.name, case=case, profile=profile))
    _bystander(table, dice, other, other.name)


def doubled_company(table: Table, dice: Random, case: str) -> None:
    """A customer whose company was entered twice. Nothing says which of both is in use."""
    firm = table.work.firms.next()
    name = damaged(firm, dice, 1).company
    twins = [
        _bystander(table, dice, firm, name, Look(identifier=identifier))
        for identifier in (firm.identifier, f"{firm.identifier}-2")
    ]
    _undecided(table, dice, case, name if chance(dice, 500) else firm.core, twins)


def doubled_decided(table: Table, dice: Random, case: str) -> None:
    """A customer whose company was entered twice. The Managed ID is at one of both."""
    firm = table.work.firms.next()
    names = Damaged(firm.name, firm.name)
    twin = add_company(table.work, table.setup, dice, firm, firm.name, Look(identifier=f"{firm.identifier}X"))
    add_agreement(table.work, table.setup, dice, twin, "Managed Services")
    _pair(table, dice, case, firm, names, Evidence(managed_id=True))


def equally_near(table: Table, dice: Random, case: str) -> None:
    """A customer between two companies, whose names both have one more word than its own."""
    firm = table.work.firms.next()
    words = dice.sample(LOOK_ALIKE[firm.language], 2)
    others = [replace(table.work.firms.look_alike(firm, dice, word), form=firm.form) for word in words]
    companies = [_bystander(table, dice, each, each.name) for each in others]
    _undecided(table, dice, case, firm.core, companies)


def sisters(table: Table, dice: Random, case: str) -> None:
    """A customer without a legal form, and two companies whose names differ by their legal form."""
    firm = table.work.firms.next()
    one, other = dice.sample(FORMS[firm.language], 2)
    companies = [
        _bystander(table, dice, located(replace(firm, form=form), dice), firm.core + form, Look(identifier=identifier))
        for form, identifier in ((one, firm.identifier), (other, f"{firm.identifier}.B"))
    ]
    _undecided(table, dice, case, firm.core, companies)


def rivals(table: Table, dice: Random, case: str) -> None:
    """Two customers of one name, and one company."""
    firm = table.work.firms.next()
    company = _bystander(table, dice, firm, firm.name)
    _undecided(table, dice, case, firm.core if chance(dice, 500) else firm.name, [company], customers=2)


def twins_by_id(table: Table, dice: Random, case: str) -> None:
    """Two customers of one name, and two companies of that name. The Managed IDs say which is which."""
    firm = table.work.firms.next()
    names = Damaged(firm.name, firm.name)
    for identifier in (firm.identifier, f"{firm.identifier}_2"):
        look = Look(identifier=identifier)
        _pair(table, dice, case, located(firm, dice), names, Evidence(managed_id=True), look=look)


def shared_id(table: Table, dice: Random, case: str) -> None:
    """A customer whose Managed ID stands at two companies, neither of which has its name."""
    firms = [table.work.firms.next() for _ in range(2)]
    companies = [_bystander(table, dice, firm, firm.name) for firm in firms]
    _undecided(table, dice, case, table.work.firms.next().core, companies)
    for company in companies:
        add_solution(table.work, table.setup, dice, company, str(table.truths[-1].customer), None)


def renamed(table: Table, dice: Random, case: str) -> None:
    """A customer whose company has another name by now. The Managed ID says that they belong together."""
    firm, former = table.work.firms.next(), table.work.firms.next()
    names = Damaged(former.core, firm.name, ("console: former name",))
    _pair(table, dice, case, firm, names, Evidence(managed_id=True), kind=Kind.drawn(dice))


def initials(table: Table, dice: Random, case: str) -> None:
    """A customer that goes by the initials of its company, with the domain of its website."""
    firm = table.work.firms.next()
    short = firm.initials
    names = Damaged(f"{short}{firm.form}" if len(short) > 2 else short, firm.name, ("console: initials",))
    _pair(table, dice, case, firm, names, Evidence(domain=True, address=True))


def deleted_company(table: Table, dice: Random, case: str) -> None:
    """A customer whose company was deleted in ConnectWise."""
    firm = table.work.firms.next()
    company = add_company(table.work, table.setup, dice, firm, firm.name, Look())
    delete_company(table.work, company)
    table.truths.append(add_customer(table.work, dice, firm.name, case=case))


def inactive_company(table: Table, dice: Random, case: str) -> None:
    """A customer whose company is inactive, though its backup still runs."""
    firm = table.work.firms.next()
    look = Look(status=dice.choice(("Inactive", FORMER)))
    _pair(table, dice, case, firm, damaged(firm, dice, 1), Evidence.drawn(dice), look=look)


def odd_name(table: Table, dice: Random, case: str) -> None:
    """A customer and a company with one odd name, such as `null` or one of 156 characters."""
    firm = table.work.firms.next()
    left = table.odd_names
    name = left.pop() if left and not chance(dice, 200) else long_name(firm, dice)
    matched(table, dice, case, firm=firm, names=Damaged(name, name))


CASES: Final[dict[str, tuple[int, int, Case]]] = {
    "matched": (147, 1, matched),
    "look-alike beside": (10, 1, with_look_alike),
    "neighbours": (3, 2, neighbours),
    "no company": (8, 1, no_company),
    "only a look-alike": (4, 1, only_look_alike),
    "doubled company": (4, 1, doubled_company),
    "doubled company, decided": (2, 1, doubled_decided),
    "equally near": (3, 1, equally_near),
    "sisters": (2, 1, sisters),
    "rivals": (3, 2, rivals),
    "twins by Managed ID": (1, 2, twins_by_id),
    "shared Managed ID": (1, 1, shared_id),
    "renamed": (2, 1, renamed),
    "initials": (2, 1, initials),
    "deleted company": (2, 1, deleted_company),
    "inactive company": (3, 1, inactive_company),
    "odd name": (3, 1, odd_name),
}
"""Each case with the number of its cards in the deck, the number of customers that it adds, and its function."""


def deck(dice: Random) -> Iterator[str]:
    """Return the cases in the order in which they come, without an end."""
    cards = [name for name, (count, _, _) in CASES.items() for _ in range(count)]
    while True:
        yield from dice.sample(cards, len(cards))


def deal(table: Table, customers: int) -> None:
    """Play cases until the console has so many customers."""
    cards = deck(table.work.dice("deck"))
    while (left := customers - table.work.number) > 0:
        name = next(cards)
        _, added, play = CASES[name]
        if added > left:
            name, play = "matched", matched
        play(table, table.work.dice(f"card/{table.work.number}"), name)
