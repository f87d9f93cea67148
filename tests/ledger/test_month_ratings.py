"""The ledger keeps what settled months were rated with, until a pull says something new about them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from reconciler.ledger.late_samples import Later, ReadUpTo, later_than, pulls_about
from reconciler.ledger.month_ratings import RatedPulls, load_month_ratings, rated_pulls, record_month_ratings
from reconciler.ledger.recording import approve_pull, record_pull
from reconciler.ledger.records import Customer, Pull, PullState, Sample
from reconciler.ledger.snapshot import MonthRating
from reconciler.ledger.store import Ledger

from .conftest import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RATING = MonthRating(("cove", "77", "storage", "2025-10"), "digest", Decimal("25.00"), may_lower=True)


def pull(ledger: Ledger, at: datetime, *samples: Sample, state: PullState = "whole") -> int:
    customers = tuple(Customer("cove", each, each) for each in dict.fromkeys(each.customer_id for each in samples))
    return record_pull(ledger, Pull("cove", at, at, state, customers, samples))


def sample(at: datetime, size: int = 5, customer: str = "77", device: str = "d", **values: str) -> Sample:
    return Sample("cove", customer, device, at, size, values)


def mark(ledger: Ledger) -> ReadUpTo:
    return rated_pulls(ledger, "test", "acme", ["cove"])[1]["cove"]


def later(ledger: Ledger, known: ReadUpTo) -> Later:
    found = later_than(ledger, "cove", known, [NOON - DAY])
    assert found is not None
    return found


# ── what later pulls say about earlier moments ───────────────────────────────────────────────────────────────


def test_a_pull_whose_samples_are_about_its_own_moment_says_nothing_of_earlier_ones(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON))
    known = mark(ledger)
    pull(ledger, NOON + HOUR, sample(NOON + HOUR, 7))
    assert later(ledger, known) == Later()
    assert pulls_about(ledger, [1, 2], NOON + HOUR) == set()


def test_a_pull_of_a_month_and_the_first_one_after_it_may_change_the_month(ledger: Ledger) -> None:
    known = mark(ledger)
    pull(ledger, NOON, sample(NOON))
    assert later(ledger, known).months == {NOON - DAY}  # no pull after the month was known
    known = mark(ledger)
    pull(ledger, NOON - HOUR, sample(NOON - HOUR))
    assert later(ledger, known).months == {NOON - DAY}
    known = mark(ledger)
    pull(ledger, NOON - 2 * DAY, sample(NOON - 2 * DAY))
    assert later(ledger, known).months == {NOON - DAY}
    known = mark(ledger)
    pull(ledger, NOON + HOUR, sample(NOON + HOUR))
    assert later(ledger, known).months == frozenset()


def test_a_late_sample_is_found_once(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON))
    known = mark(ledger)
    pull(ledger, NOON + HOUR, sample(NOON - DAY, 9))
    assert later(ledger, known).samples == {"77": NOON - DAY}
    assert pulls_about(ledger, [1, 2], NOON) == {2}
    known = mark(ledger)
    pull(ledger, NOON + 2 * HOUR, sample(NOON - DAY, 9))
    assert later(ledger, known).samples == {}


def test_the_figure_of_the_pull_before_is_not_late_if_it_is_repeated(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON))
    known = mark(ledger)
    pull(ledger, NOON + HOUR, sample(NOON))
    assert later(ledger, known).samples == {}


def test_another_figure_or_another_column_of_the_same_moment_is_new(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON - DAY, 5, users="3"))
    known = mark(ledger)
    pull(ledger, NOON + HOUR, sample(NOON - DAY, 6, users="3"))
    assert later(ledger, known).samples == {"77": NOON - DAY}
    known = mark(ledger)
    pull(ledger, NOON + 2 * HOUR, sample(NOON - DAY, 6, users="4"))
    assert later(ledger, known).samples == {"77": NOON - DAY}


def test_an_older_row_of_a_file_is_late_for_each_customer_that_had_the_device(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON), sample(NOON, 5, "78", "d"), sample(NOON, 5, "79", "other"))
    known = mark(ledger)
    at = NOON + HOUR
    pull(ledger, at, sample(at), sample(at - 2 * DAY, 4), sample(at, 5, "78", ""), sample(at - DAY, 5, "78", ""))
    assert later(ledger, known).samples == {"77": at - 2 * DAY, "78": at - 2 * DAY}


def test_a_total_of_a_customer_is_no_device_of_another(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON, 5, "77", ""), sample(NOON, 5, "78", ""))
    known = mark(ledger)
    pull(ledger, NOON + HOUR, sample(NOON - DAY, 5, "78", ""))
    assert later(ledger, known).samples == {"78": NOON - DAY}


def test_a_pull_that_was_approved_since_makes_everything_unknown(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON))
    number = pull(ledger, NOON + HOUR, sample(NOON - DAY, 9), state="disbelieved")
    pull(ledger, NOON + 2 * HOUR, sample(NOON + 2 * HOUR))
    known = mark(ledger)
    assert later(ledger, known) == Later()
    approve_pull(ledger, number, by="ann", at=NOON + 3 * HOUR)
    assert later_than(ledger, "cove", known, []) is None


def test_many_pulls_are_not_looked_at(ledger: Ledger) -> None:
    known = mark(ledger)
    for hour in range(201):
        pull(ledger, NOON + hour * HOUR)
    assert known == ReadUpTo()
    assert later_than(ledger, "cove", known, []) is None


# ── what is stored ───────────────────────────────────────────────────────────────────────────────────────────


def stored(ledger: Ledger) -> dict[str, Decimal | None]:
    return {key[1]: each.amount for key, each in load_month_ratings(ledger, "test", "acme").items()}


def pulls_of(ledger: Ledger, *stale: MonthRating) -> RatedPulls:
    return RatedPulls(*rated_pulls(ledger, "test", "acme", ["cove"]), frozenset(each.key for each in stale))


def test_ratings_are_stored_with_the_pulls_that_they_hold_for(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON))
    other = replace(RATING, key=("cove", "78", "storage", "2025-10"), amount=None, may_lower=False)
    record_month_ratings(ledger, "test", "acme", [RATING, other], pulls_of(ledger), NOON)
    assert load_month_ratings(ledger, "test", "acme") == {RATING.key: RATING, other.key: other}
    assert rated_pulls(ledger, "test", "acme", ["cove"]) == ({"cove": ReadUpTo(1, 1)}, {"cove": ReadUpTo(1, 1)})
    assert load_month_ratings(ledger, "test", "elsewhere") == {}


def test_stale_ratings_go_and_new_ones_replace_them(ledger: Ledger) -> None:
    other = replace(RATING, key=("cove", "78", "storage", "2025-10"))
    record_month_ratings(ledger, "test", "acme", [RATING, other], pulls_of(ledger), NOON)
    pull(ledger, NOON, sample(NOON))
    record_month_ratings(ledger, "test", "acme", [replace(RATING, amount=Decimal(7))], pulls_of(ledger, other), NOON)
    assert stored(ledger) == {"77": Decimal(7)}


def test_nothing_is_stored_if_another_run_has_read_more_meanwhile(ledger: Ledger) -> None:
    before = pulls_of(ledger)
    pull(ledger, NOON, sample(NOON))
    record_month_ratings(ledger, "test", "acme", [RATING], before, NOON)
    assert stored(ledger) == {}
    now = pulls_of(ledger)
    record_month_ratings(ledger, "test", "acme", [], now, NOON)
    record_month_ratings(ledger, "test", "acme", [RATING], now, NOON)
    assert stored(ledger) == {}


def test_nothing_is_written_if_nothing_is_new(ledger: Ledger) -> None:
    record_month_ratings(ledger, "test", "acme", [], RatedPulls(), NOON)
    assert rated_pulls(ledger, "test", "acme", ["cove"])[0] == {"cove": None}


def test_an_older_row_that_a_disbelieved_pull_has_read_first_is_late_in_the_next_believed_one(ledger: Ledger) -> None:
    pull(ledger, NOON, sample(NOON))
    known = mark(ledger)
    for hours, state in ((1, "disbelieved"), (2, "whole"), (3, "whole")):
        at = NOON + hours * HOUR
        pull(ledger, at, sample(at), sample(NOON - DAY, 9), state=state)  # type: ignore[arg-type]  # a loop widens it to str
    assert later(ledger, known).samples == {"77": NOON - DAY}
    with ledger.read() as connection:
        assert connection.exec_driver_sql("SELECT pull_id FROM earlier_samples ORDER BY 1").scalars().all() == [2, 3]
