"""When customers were in trial: a row where a pull shows its beginning or its end."""

from __future__ import annotations

import sqlalchemy as sa

from reconciler.ledger import pulls, schema
from reconciler.ledger.records import Customer, Trial
from reconciler.ledger.store import Ledger

from .conftest import NOON
from .test_chain import problems
from .test_pulls import HOUR, record


def record_state(ledger: Ledger, hour: int, state: str, belief: str = "whole") -> None:
    record(ledger, {}, NOON + hour * HOUR, state=belief, customers=(Customer("cove", "1", "Acme", state=state),))


def trials_of(ledger: Ledger) -> tuple[Trial, ...]:
    return pulls.customer_records(ledger, "cove")["1"].trials


def test_a_trial_is_stored_where_a_pull_shows_its_beginning_and_its_end(ledger: Ledger) -> None:
    for hour, state in enumerate(["InProduction", "InTrial", "InTrial", "Expired", "InTrial"]):
        record_state(ledger, hour, state)
    assert trials_of(ledger) == (Trial(NOON + HOUR, NOON + 3 * HOUR), Trial(NOON + 4 * HOUR))


def test_a_customer_that_was_never_in_trial_has_no_trials(ledger: Ledger) -> None:
    record_state(ledger, 0, "InProduction")
    assert trials_of(ledger) == ()


def test_an_older_and_a_failed_pull_begin_no_trial(ledger: Ledger) -> None:
    record_state(ledger, 0, "InProduction")
    record_state(ledger, -1, "InTrial")
    record_state(ledger, 1, "InTrial", "failed")
    assert trials_of(ledger) == ()
    record_state(ledger, 2, "InTrial", "disbelieved")
    assert trials_of(ledger) == (Trial(NOON + 2 * HOUR),)


def test_the_check_of_the_ledger_names_a_pull_whose_trials_were_changed(ledger: Ledger) -> None:
    record_state(ledger, 0, "InTrial")
    with ledger.write() as connection:
        connection.execute(sa.update(schema.trials).values(in_trial=False))
    assert problems(ledger) == ["pulls 1: its samples were changed, added or removed after they were recorded"]
