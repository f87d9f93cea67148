"""The parts of all cases: a customer with its company, a company without a customer, and an undecided customer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random

from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.messy.agreements import Billing, add_agreement, arrange
from reconciler.sandbox.messy.chances import chance, pick
from reconciler.sandbox.messy.companies import Look, add_company
from reconciler.sandbox.messy.console import Kind, add_customer, known
from reconciler.sandbox.messy.damages import Damaged, damaged
from reconciler.sandbox.messy.firms import Firm
from reconciler.sandbox.messy.lines import Lines
from reconciler.sandbox.messy.setup import Setup
from reconciler.sandbox.messy.solutions import add_other_solution, add_solution
from reconciler.sandbox.messy.truth import Customer
from reconciler.sandbox.messy.work import Work


@dataclass(frozen=True, slots=True)
class Evidence:
    """The evidence for the company of a customer, apart from the name and the lines."""

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
    """The values that cases need: the estate in the making, its setup, the truths so far, and odd names to use."""

    work: Work
    setup: Setup
    truths: list[Customer]
    odd_names: list[str]


def matched(table: Table, dice: Random, case: str, *, names: Damaged | None = None, firm: Firm | None = None) -> None:
    """Add a customer with one company. Their names have up to two damages."""
    firm = firm or table.work.firms.next()
    names = names or damaged(firm, dice, pick(dice, {0: 10, 1: 50, 2: 40}))
    pair(table, dice, case, firm, names, Evidence.drawn(dice), look=Look(bare=chance(dice, 60)), kind=Kind.drawn(dice))


def pair(
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
    truth.inactive = look.status != Look().status
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


def bystander(table: Table, dice: Random, firm: Firm, name: str) -> Row:
    """Add a company of a firm that is no customer, with an agreement."""
    company = add_company(table.work, table.setup, dice, firm, name, Look())
    add_agreement(table.work, table.setup, dice, company, "Managed Services")
    return company


def candidate(table: Table, dice: Random, firm: Firm, name: str, identifier: str = "") -> Row:
    """Add a company that could belong to a customer. Only its name is evidence, and it has no other difference."""
    look = Look(identifier=identifier or firm.code, domain=False, contacts=1)
    company = add_company(table.work, table.setup, dice, firm, name, look)
    add_agreement(table.work, table.setup, dice, company, "Managed Services", kind="Managed Service", plain=True)
    return company


def undecided(table: Table, dice: Random, case: str, name: str, candidates: list[Row], *, customers: int = 1) -> None:
    """Add customers of one name that could equally belong to each of the candidates."""
    for _ in range(customers):
        truth = add_customer(table.work, dice, name, case=case)
        truth.ambiguous, truth.candidates = True, [each.id for each in candidates]
        table.truths.append(truth)
