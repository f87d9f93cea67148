"""A plan file belongs to its tenant, to the manifests that it was made of and, with usage in it, to its month."""

from __future__ import annotations

from datetime import datetime

from reconciler.cli.clock import TOLERANCE
from reconciler.cli.session import Session, tenant_of
from reconciler.errors import Refused
from reconciler.metering.period import period_of
from reconciler.planning.plan import Plan

ADVICE = "Nothing was written. Make a new plan: reconciler plan --out FILE"


def check_plan(plan: Plan, session: Session, now: datetime) -> None:
    """Raises `Refused` for a plan file that was not made for what stands here now. Reads nothing."""
    manifests, tenant = session.manifests, tenant_of(session)
    if plan.workspace != manifests.workspace.name:
        raise Refused(f"the plan is for workspace {plan.workspace}, not {manifests.workspace.name}", advice=ADVICE)
    if not plan.tenant.same_as(tenant):
        raise Refused(
            f"the plan was made for {plan.tenant}, and this connection leads to {tenant}",
            advice="Nothing was written. Connect to the tenant that it was made for, or make a new plan: "
            "reconciler plan --out FILE",
        )
    if plan.manifest_digest != manifests.digest:
        raise Refused("the plan is stale: the manifests have changed since it was made", advice=ADVICE)
    check_month(plan, session, now)


def check_month(plan: Plan, session: Session, now: datetime) -> None:
    """Raises `Refused` for usage of another billing month, and for a plan that is yet to be made by our clock."""
    if plan.created_at - now > TOLERANCE:
        raise Refused(
            f"the plan was made at {plan.created_at:%Y-%m-%d %H:%M} UTC, "
            f"and the clock here says {now:%Y-%m-%d %H:%M} UTC",
            advice="Nothing was written. Set this machine's clock right, and run again.",
        )
    if not plan.bills_usage:
        return
    zone = session.workspace.billing.timezone
    made, runs = period_of(plan.created_at, zone), period_of(now, zone)
    if made != runs:
        raise Refused(f"the plan bills usage of {made}, and it is {runs} now", advice=ADVICE)
