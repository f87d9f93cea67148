"""A plan of the setup with the effect on usage beside it, as a reviewer of a pull request sees them. Pure.

A plan file that is applied after the merge holds the setup only, because usage moves each hour. What the change does to
usage lines is a what-if: a second plan, of the stored usage, that nobody applies. The hourly job writes such lines.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from reconciler.kinds.registry import kind
from reconciler.kinds.values import plain_decimal
from reconciler.planning.action import Action, Money
from reconciler.planning.approvals import approvals_for
from reconciler.planning.plan import Plan, Summary
from reconciler.planning.plan_file import PlanFileError, plan_json

Json = dict[str, Any]


def what_if_json(plan: Plan, other: Plan) -> Json:
    """Return what `other` says about usage lines, beside the setup of `plan`, as JSON for renderers.

    `summary` counts the usage lines, and its money is theirs. `total` is the money of both plans: `before` and `after`
    are null if the two plans may count an addition twice. `usage_in_scope` is false if no document of a partial plan
    bills usage, so that none was read. `approvals` has the guardrails that trip, for the apply of the setup and for the
    hourly apply of usage.

    `other` is a plan of everything, or of usage. A plan of everything also has the lines of agreements that `plan`
    creates. Raises `PlanFileError` if the two plans do not belong together.
    """
    _check(plan, other)
    actions = tuple(action for action in other.actions if _is_usage(action))
    held = tuple(action for action in other.held if _is_usage(action))
    count = Counter(action.action for action in actions)
    money = _usage_money(plan, other)
    summary = Summary(
        create=count["create"], update=count["update"], adopt=count["adopt"], retire=count["retire"], money=money
    )
    setup = {(trip.name, trip.address) for trip in plan.guardrails}
    trips = tuple(trip for trip in other.guardrails if (trip.name, trip.address) not in setup)
    shown = plan_json(
        other.model_copy(update={"summary": summary, "actions": actions, "held": held, "guardrails": trips})
    )
    return {
        **{name: shown[name] for name in ("created_at", "usage_at", "summary", "guardrails", "warnings", "coverage")},
        "usage_in_scope": _has_usage_in_scope(other),
        "actions": list(shown["actions"]),
        "held": shown["held"],
        "total": _total(plan, other, money),
        "approvals": {
            "setup": [each.text for each in approvals_for(plan.guardrails)],
            "usage": [each.text for each in approvals_for(trips)],
        },
    }


def _has_usage_in_scope(other: Plan) -> bool:
    """Return whether a plan read usage, or would have read it if the ledger had any."""
    if other.usage_at is not None or other.changed_since is None:
        return True
    covered = (*other.documents, *other.read_also)
    return any(kind(address.partition("/")[0]).collection is None for address in covered)


def _check(plan: Plan, other: Plan) -> None:
    """Raise `PlanFileError` if the plans are not a plan of the setup and a what-if of the same manifests."""
    advice = "Make a plan of the setup: reconciler plan --only setup --out FILE"
    if plan.bills_usage:
        raise PlanFileError("the plan has usage lines of its own", where="--what-if", advice=advice)
    if other.only == "setup":
        raise PlanFileError(
            "the what-if is a plan of the setup, and has no usage lines", advice="Make it without --only setup."
        )
    for what, same in (
        ("workspaces", plan.workspace == other.workspace),
        ("tenants", plan.tenant.same_as(other.tenant)),
        ("manifests", plan.manifest_digest == other.manifest_digest),
    ):
        if not same:
            raise PlanFileError(
                f"the plan and the what-if are of different {what}",
                advice="Make both from the same files, with the same options except --only.",
            )


def _is_usage(action: Action) -> bool:
    return not kind(action.kind).declarable


def _usage_money(plan: Plan, other: Plan) -> Money:
    """Return the amounts of usage lines. A plan of everything counts the setup too, so that is subtracted."""
    found = other.summary.money
    if other.only == "usage":
        return found
    setup = plan.summary.money
    if not setup.before and not setup.after:
        return found
    return Money(before=found.before - setup.before, after=found.after - setup.after, currency=found.currency)


def _total(plan: Plan, other: Plan, usage: Money) -> Json:
    """Return the amounts of both plans, and their change.

    `before` and `after` are null if an addition may be in both plans.
    """
    setup = plan.summary.money
    before: Decimal | None = setup.before + usage.before
    after: Decimal | None = setup.after + usage.after
    if other.only == "usage" and (setup.before or setup.after):
        before = after = None  # A retired agreement is in the amounts of the setup, and its lines in those of usage.
    change = (setup.after - setup.before) + (usage.after - usage.before)
    return {
        "before": None if before is None else plain_decimal(before),
        "after": None if after is None else plain_decimal(after),
        "change": plain_decimal(change),
        "currency": usage.currency,
    }
