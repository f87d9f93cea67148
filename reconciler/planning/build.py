"""Puts a plan together: both halves, in one graph, under one digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from reconciler.kinds.workspace import Guardrails
from reconciler.planning.additions import AdditionsPlan
from reconciler.planning.guardrails import tripped
from reconciler.planning.order import with_dependencies
from reconciler.planning.plan import CoverageRow, Money, Note, Plan, Summary, Tenant, digest_of
from reconciler.planning.problems import PlanError
from reconciler.planning.setup import SetupPlan


def build(
    *,
    workspace: str,
    tenant: Tenant,
    now: datetime,
    manifest_digest: str,
    setup: SetupPlan | None,
    additions: AdditionsPlan | None,
    currency: str | None,
    coverage: Sequence[CoverageRow] = (),
    warnings: Iterable[Note] = (),
    guardrails: Guardrails | None = None,
    customers: int = 0,
) -> Plan:
    """The plan of one run. Raises `PlanError` with every reason why there can be none."""
    problems = [*(setup.problems if setup else ()), *(additions.problems if additions else ())]
    if problems:
        raise PlanError(problems)
    found = [*(setup.actions if setup else ()), *(additions.actions if additions else ())]
    actions = with_dependencies(found, additions.after if additions else {})
    count = Counter(action.action for action in actions)
    money = Money(
        before=additions.money_before if additions else Decimal(0),
        after=additions.money_after if additions else Decimal(0),
        currency=currency,
    )
    summary = Summary(
        create=count["create"],
        update=count["update"],
        adopt=count["adopt"],
        retire=count["retire"],
        unchanged=(setup.unchanged if setup else 0) + (additions.unchanged if additions else 0),
        money=money,
    )
    return Plan(
        workspace=workspace,
        tenant=tenant,
        created_at=now,
        manifest_digest=manifest_digest,
        summary=summary,
        guardrails=tripped(
            guardrails,
            additions.quantities if additions else {},
            total=money,
            customers=customers,
            drifted=additions.drifted if additions else (),
        ),
        warnings=(*warnings, *(additions.notes if additions else ())),
        coverage=tuple(coverage),
        actions=actions,
        digest=digest_of(actions),
    )
