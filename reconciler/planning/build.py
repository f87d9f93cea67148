"""Joins the parts of a plan into one plan, with the order of its actions, its summary and its digest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Literal

from reconciler.planning.action import Action, Customer, Money, Side
from reconciler.planning.customers import Objects, with_customers
from reconciler.planning.order import with_dependencies
from reconciler.planning.part import Part
from reconciler.planning.plan import Note, Plan, Summary, Tenant, Undo, digest_of
from reconciler.planning.problems import PlanError

_ZERO = Decimal(0)


Only = Literal["setup", "usage"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The options with which a plan was made. The plan stores them, so that it can be made again."""

    only: Only | None = None
    prune: bool = False
    targets: tuple[str, ...] = ()
    changed_since: str | None = None
    documents: tuple[str, ...] = ()
    read_also: tuple[str, ...] = ()


_EVERYTHING = Asked()


def build(
    *,
    workspace: str,
    tenant: Tenant,
    now: datetime,
    manifest_digest: str,
    parts: Sequence[Part],
    currency: str | None,
    warnings: Iterable[Note] = (),
    asked: Asked = _EVERYTHING,
    undo: Undo | None = None,
    usage_at: datetime | None = None,
    objects: Objects = MappingProxyType({}),
    companies: Mapping[int, Customer] = MappingProxyType({}),
) -> Plan:
    """Return the plan of one run. Raises one `PlanError` with all problems of the parts.

    `usage_at` is the time of the usage. `objects` and `companies` say which customer an action belongs to: the live
    objects that were read, and the declared companies by id.
    """
    problems = [problem for part in parts for problem in part.problems]
    if problems:
        raise PlanError(problems)
    held = {action.address for part in parts for action in part.held}
    every = (action for part in parts for action in (*part.actions, *part.held))
    found = with_customers(every, objects, companies)
    ordered = with_dependencies(found, {address: needed for part in parts for address, needed in part.after.items()})
    actions = tuple(_without(action, held) for action in ordered if action.address not in held)
    summary = _summary(parts, actions, currency)
    return Plan(
        workspace=workspace,
        tenant=tenant,
        created_at=now,
        manifest_digest=manifest_digest,
        summary=summary,
        guardrails=tuple(trip for part in parts for trip in part.tripped),
        warnings=(*warnings, *(note for part in parts for note in part.notes)),
        coverage=tuple(row for part in parts for row in part.coverage),
        actions=actions,
        held=tuple(action for action in ordered if action.address in held),
        declared=tuple(each for part in parts for each in part.declared),
        digest=digest_of(actions),
        only=asked.only,
        prune=asked.prune,
        targets=asked.targets,
        undo=undo,
        changed_since=asked.changed_since,
        documents=asked.documents,
        read_also=asked.read_also,
        usage_at=usage_at,
    )


def _without(action: Action, held: set[str]) -> Action:
    """Return an action without its dependencies on held actions, because these are not carried out."""
    kept = tuple(address for address in action.depends_on if address not in held)
    return action if kept == action.depends_on else action.model_copy(update={"depends_on": kept})


def _summary(parts: Sequence[Part], actions: Sequence[Action], currency: str | None) -> Summary:
    count = Counter(action.action for action in actions)
    return Summary(
        create=count["create"],
        update=count["update"],
        adopt=count["adopt"],
        retire=count["retire"],
        unchanged=sum(part.unchanged for part in parts),
        money=Money.with_costs(
            Side(sum((part.money_before for part in parts), _ZERO), _cost(parts, "before")),
            Side(sum((part.money_after for part in parts), _ZERO), _cost(parts, "after")),
            currency,
        ),
        unknown_costs=sum(part.costs.unknown_after for part in parts if part.costs is not None),
    )


def _cost(parts: Sequence[Part], side: Literal["before", "after"]) -> Decimal | None:
    """Return what all additions of a plan cost per month. None if one of them has an unknown cost."""
    total = _ZERO
    for part in parts:
        if part.costs is None:
            if part.money_before or part.money_after:
                return None
        elif getattr(part.costs, f"unknown_{side}"):
            return None
        else:
            total += getattr(part.costs, side)
    return total
