"""When customers were in trial. A row is stored when this changes, because most customers never are.

A pull that is not believed counts like others here: what is not believed is what it lacks, and not the states of the
customers that it lists.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.records import IN_TRIAL, Pull, Trial

_pulls, _trials = schema.pulls, schema.trials


def store_trials(connection: sa.Connection, pull_id: int, pull: Pull) -> None:
    """Store which customers of a new pull began or ended a trial.

    A pull that is older than another, or that was read from the history of its source, changes nothing.
    """
    if pull.past:
        return
    others = sa.and_(_pulls.c.source == pull.source, _pulls.c.state != "failed", _pulls.c.id != pull_id)
    newest = connection.execute(sa.select(sa.func.max(_pulls.c.started_at, type_=schema.UtcTime())).where(others))
    if (before := newest.scalar()) is not None and before > pull.started_at:
        return
    stored = {
        customer_id: trials[-1].until is None for customer_id, trials in trials_of(connection, pull.source).items()
    }
    states = {each.id: each.state == IN_TRIAL for each in pull.customers}
    new = [
        {"customer_id": customer_id, "pull_id": pull_id, "in_trial": in_trial}
        for customer_id, in_trial in states.items()
        if in_trial != stored.get(customer_id, False)
    ]
    if new:
        connection.execute(sa.insert(_trials), new)


def trials_of(connection: sa.Connection, source: str) -> Mapping[str, tuple[Trial, ...]]:
    """Return the trials of a source's customers, by the id of the customer, the oldest first."""
    query = (
        sa.select(_trials.c.customer_id, _trials.c.in_trial, _pulls.c.started_at)
        .join(_pulls, _pulls.c.id == _trials.c.pull_id)
        .where(_pulls.c.source == source)
        .order_by(_trials.c.pull_id)
    )
    found: defaultdict[str, list[Trial]] = defaultdict(list)
    for customer_id, in_trial, started_at in connection.execute(query):
        own = found[customer_id]
        if in_trial:
            own.append(Trial(started_at))
        elif own:
            own[-1] = Trial(own[-1].since, started_at)
    return {customer_id: tuple(own) for customer_id, own in found.items()}
