"""Find the causes of a run, and decide which known causes the run could judge.

A run ends only the causes that it could have found again. A run that failed says nothing about customers, or about
other reasons to fail. An apply of the setup says nothing about usage.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from reconciler.alerts.cause import Cause
from reconciler.alerts.drifts import ADDITIONS, SETUP, edited_causes, setup_causes
from reconciler.alerts.facts import Facts, Job
from reconciler.alerts.gaps import gap_causes, pulled_causes, source_causes
from reconciler.alerts.invoices import invoice_causes
from reconciler.alerts.limits import OF_SETUP, held_causes, refusing_causes
from reconciler.alerts.runs import NOT_RUN, SAY_NOTHING_OF_USAGE, not_run_causes, run_causes
from reconciler.kinds.alert_settings import Alerts

_ENDS_RUNS_OF: Mapping[Job, tuple[Job, ...]] = {"apply": ("apply", "usage", "setup", "part")}
"""The jobs whose failed runs a run of a job ends. A job that is not listed ends only its own."""
_OF_COVERAGE = ("unmapped", "unattributed", "held:", "gap:", "source:", "invoice:")


def find_causes(facts: Facts, settings: Alerts) -> tuple[Cause, ...]:
    """Return the causes that a run shows."""
    found = [*run_causes(facts), *not_run_causes(facts, settings.not_run), *refusing_causes(facts)]
    plan = facts.plan
    if plan is None:
        found += pulled_causes(facts.sources) if facts.job == "pull" else ()
        return tuple(found)
    if plan.only != "setup":
        found += [
            *source_causes(plan, facts.sources),
            *gap_causes(plan),
            *held_causes(plan),
            *edited_causes(plan),
            *invoice_causes(plan, facts.invoices, facts.today, settings.invoice_days),
        ]
    if plan.only != "usage" and facts.job == "drift":
        found += setup_causes(plan)
    return tuple(found)


def judge(facts: Facts) -> Callable[[str], bool]:
    """Return the function that says of the key of a cause whether the run could judge it."""
    jobs = _ENDS_RUNS_OF.get(facts.job, (facts.job,))
    plan, usage, setup = facts.plan, False, False
    if plan is not None:
        usage, setup = plan.only != "setup", plan.only != "usage"
    pulled = facts.job == "pull" and facts.failure is None

    def judged(key: str) -> bool:
        kind, _, rest = key.partition(":")
        if kind == "run":
            return facts.failure is None and rest.partition(":")[0] in jobs
        if kind == "guardrail":
            return setup if rest in OF_SETUP else usage
        if key == NOT_RUN:
            return facts.applies_usage or (facts.job not in SAY_NOTHING_OF_USAGE and facts.last_good is not None)
        if key == SETUP:
            return setup and facts.job == "drift"
        if key == ADDITIONS:
            return usage
        return (usage and key.startswith(_OF_COVERAGE)) or (pulled and kind == "source")

    return judged
