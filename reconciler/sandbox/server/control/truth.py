"""The controls that return the truth of a messy estate and score an import."""

from __future__ import annotations

from reconciler.sandbox.connectwise.store.store import Store
from reconciler.sandbox.messy.scoring import Proposed, Score, score
from reconciler.sandbox.messy.truth import Customer, Truth
from reconciler.sandbox.server.control.bodies import ControlError, ObjectId, ProposalsBody
from reconciler.sandbox.server.control.call import Call


def show_truth(call: Call) -> Truth:
    """Return the truth of all customers at the time when the estate was made."""
    truth = call.sandbox.truth
    if truth is None:
        raise ControlError("only a messy estate has a truth: start the sandbox with --population messy", 404)
    return truth


def show_customer(call: Call) -> Customer:
    """Return the truth of one customer of the console, by its id there."""
    for customer in show_truth(call).customers:
        if customer.customer == call.id:
            return customer
    raise ControlError(f"the truth names no customer {call.id}", 404)


def score_proposals(call: Call) -> Score:
    """Return the score of the proposals of an import."""
    truth, tenant = show_truth(call), call.sandbox.tenant
    proposals: dict[int, Proposed] = {}
    for each in call.read(ProposalsBody).proposals:
        if not str(each.customer).isdecimal():
            raise ControlError(f"{each.customer} is not the id of a customer of the console")
        company = _by_identifier(tenant, each.company) if isinstance(each.company, str) else _id(each.company)
        proposals[int(each.customer)] = Proposed(each.confidence, company, _id(each.agreement), _id(each.addition))
    return score(truth, proposals)


def _id(named: int | ObjectId | None) -> int | None:
    return named.id if isinstance(named, ObjectId) else named


def _by_identifier(store: Store, identifier: str) -> int:
    found = [row.id for row in store.tables["company"].named("identifier", identifier) if not row.data["deletedFlag"]]
    if not found:
        raise ControlError(f"there is no company with the identifier {identifier!r}")
    return found[0]
