"""What usage in a case means: pulls, samples, devices, and times in the billing zone (America/New_York here)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from reconciler.cases.moments import last_hour
from reconciler.metering.period import period_of
from tests.cases.trying import D, errors, lines, outcome

FLAT = "mapping: {product: backup-gb, rounding: {mode: none}}"


def test_the_example_estate_bills_in_new_york() -> None:
    (line,) = outcome(f"{FLAT}\nperiod: 2026-11\nusage: [{{from: 2026-11-01, used: 5 GB}}]").lines

    assert line.quantity == 5


def test_without_a_moment_the_run_is_in_the_last_hour_of_the_month() -> None:
    found = outcome(f"{FLAT}\nperiod: 2026-11\nusage: [{{from: 2026-11-30 23:00, used: 5 GB}}]")

    assert found.now == "2026-12-01T04:00:00+00:00"
    assert found.money == D("0.75")


@pytest.mark.parametrize(
    ("now", "utc"),
    [
        ("2026-11-15", "2026-11-15T05:00:00+00:00"),
        ("2026-11-15 12:00", "2026-11-15T17:00:00+00:00"),
        ("2026-11-15T12:00Z", "2026-11-15T12:00:00+00:00"),
        ("2026-11-15 12:00+02:00", "2026-11-15T10:00:00+00:00"),
        ("2026-11-01 01:30", "2026-11-01T05:30:00+00:00"),
        ("2026-11-01 01:30-05:00", "2026-11-01T06:30:00+00:00"),
    ],
)
def test_a_time_without_a_zone_is_that_of_the_billing_zone(now: str, utc: str) -> None:
    assert outcome(f"{FLAT}\nnow: {now}\nusage: [{{from: 2026-11-01, used: 5 GB}}]").now == utc


def test_a_time_that_clocks_skip_is_an_error() -> None:
    text = "cases: [{name: a, mapping: alder-dental, now: 2027-03-14 02:30, expect: {money: 0}}]"

    (found,) = errors(text)

    assert "2027-03-14 02:30 does not exist in America/New_York, because the clocks skip it" in found


def test_the_moment_of_the_run_must_be_in_the_period() -> None:
    text = "cases: [{name: a, mapping: alder-dental, period: 2026-10, now: 2026-11-01, expect: {money: 0}}]"

    (found,) = errors(text)

    assert "2026-11-01 is in 2026-11 in America/New_York, and not in 2026-10" in found


@pytest.mark.parametrize(
    ("month", "hours"),
    [("2026-11", 721), ("2027-03", 743), ("2027-02", 672), ("2028-02", 696), ("2026-12", 744)],
)
def test_a_month_has_the_hours_of_its_clocks(month: str, hours: int) -> None:
    """November 2026 has one hour more, and March 2027 one less. February 2028 has 29 days."""
    text = f"{FLAT.replace('{product', '{measure: mean, product')}\nperiod: {month}"
    found = outcome(f"{text}\nusage: [{{from: {month}-01, used: 7 GB}}]")

    assert found.trace[0] == f"7 GB used, the mean of {hours} hours"


def test_the_last_day_of_an_entry_counts_whole() -> None:
    """10 of 30 days with 30 GB, and then 24 hours of grace that do not count: (10 × 24 × 30) / (720 - 23)."""
    text = "mapping: {product: backup-gb, measure: mean, rounding: {mode: none}}\nperiod: 2026-06\n"
    found = outcome(f"{text}usage: [{{from: 2026-06-01, to: 2026-06-10, used: 30 GB}}]")

    assert found.trace[0].endswith("the mean of 697 hours with a known figure, of 720")
    (line,) = found.lines
    assert line.quantity == round(Decimal(10 * 24 * 30) / 697, 6)


def test_a_later_entry_counts_before_an_earlier_one_while_it_lasts() -> None:
    usage = "usage: [{from: 2026-11-01, used: 5 GB}, {from: 2026-11-10, to: 2026-11-12, used: 9 GB}]"

    assert lines(f"{FLAT}\nnow: 2026-11-11\n{usage}") == {"backup-gb": 9}
    assert lines(f"{FLAT}\nnow: 2026-11-13 00:00\n{usage}") == {"backup-gb": 5}
    peak = FLAT.replace("{product", "{measure: peak, product")
    assert lines(f"{peak}\nperiod: 2026-11\n{usage}") == {"backup-gb": 9}


def test_figures_at_single_moments_are_the_only_pulls() -> None:
    mean = FLAT.replace("{product", "{measure: mean, product")
    usage = "usage: [{at: 2026-11-01 05:00, used: 4 GB}, {at: 2026-11-02 06:00, used: 8 GB}]"

    assert lines(f"{mean}\nnow: 2026-11-02 06:00\napprove: [samples]\n{usage}") == {"backup-gb": 6}


def test_a_single_moment_beside_hourly_figures_is_one_more_pull() -> None:
    peak = FLAT.replace("{product", "{measure: peak, product")
    usage = "usage: [{device: a, from: 2026-11-01, used: 4 GB}, {device: a, at: 2026-11-02 06:10, used: 8 GB}]"

    assert lines(f"{peak}\nperiod: 2026-11\n{usage}") == {"backup-gb": 8}


def test_a_figure_that_is_read_later_counts_in_its_own_hour() -> None:
    peak = FLAT.replace("{product", "{measure: peak, product")
    usage = (
        "usage: [{device: a, from: 2026-11-01, used: 4 GB}, "
        "{device: a, at: 2026-12-01 00:10, observedAt: 2026-11-30 20:00, used: 8 GB}]"
    )

    assert lines(f"{peak}\nperiod: 2026-12\nnow: 2026-12-01 02:00\n{usage}") == {"backup-gb": 4}


def test_a_device_that_is_listed_without_a_figure_keeps_its_last_one_for_max_age() -> None:
    usage = "usage: [{device: a, from: 2026-11-01, used: 4 GB}, {device: a, from: 2026-11-02, used: missing}]"

    assert outcome(f"{FLAT}\nnow: 2026-11-02 04:00\n{usage}").state == "billed"
    assert outcome(f"{FLAT}\nnow: 2026-11-02 08:00\n{usage}").state == "stale"


def test_a_device_that_moves_counts_for_its_new_customer() -> None:
    text = """
    mapping: alder-dental
    period: 2026-11
    usage:
      - {device: a, from: 2026-11-01, to: 2026-11-10, used: 40 GB}
      - {device: b, from: 2026-11-01, used: 10 GB}
      - {device: a, from: 2026-11-11, used: 40 GB, customer: "1001002"}
    """
    found = outcome(text)

    assert {line.address: line.quantity for line in found.lines} == {
        "Addition/alder-dental.storage:backup-gb": 10,
        "Addition/birchwood-legal.storage:backup-gb-500": 40,
    }
    assert [(each.customer, each.state) for each in found.customers] == [("1001001", "billed"), ("1001002", "billed")]


def test_a_total_beside_devices_is_refused() -> None:
    usage = "usage: [{from: 2026-11-01, used: 4 GB}, {device: a, from: 2026-11-01, used: 4 GB}]"

    assert outcome(f"{FLAT}\nperiod: 2026-11\n{usage}").state == "refused"


@pytest.mark.parametrize(
    ("pull", "reason"),
    [
        ("failed", "the pull at 2026-11-02 05:00 UTC failed: the case says so"),
        ("not believed", "is not believed: the case says so"),
        ("none", ""),
    ],
)
def test_pulls_can_fail_or_be_missing(pull: str, reason: str) -> None:
    usage = f"usage: [{{from: 2026-11-01, used: 4 GB}}, {{from: 2026-11-01 22:00, pull: {pull}}}]"
    found = outcome(f"{FLAT}\nnow: 2026-11-02 00:00\n{usage}")

    assert found.state == ("billed" if pull == "none" else "unknown")
    assert reason in found.reason


def test_a_source_that_is_not_read_for_max_age_is_stale() -> None:
    usage = "usage: [{from: 2026-11-01, used: 4 GB}, {from: 2026-11-01 12:00, pull: none}]"
    found = outcome(f"{FLAT}\nnow: 2026-11-02 00:00\n{usage}")

    assert (found.state, found.lines) == ("unknown", ())
    assert "which is older than maxAge" in found.reason


def test_a_source_whose_pulls_all_failed_is_unknown() -> None:
    found = outcome(f"{FLAT}\nperiod: 2026-11\nusage: [{{from: 2026-11-01, pull: failed}}]")

    assert (found.state, found.lines) == ("unknown", ())


def test_pulls_that_fail_between_single_moments() -> None:
    usage = "usage: [{at: 2026-11-01 05:00, used: 4 GB}, {from: 2026-11-01 06:00, to: 2026-11-01 08:00, pull: failed}]"
    found = outcome(f"{FLAT}\nnow: 2026-11-01 08:30\n{usage}")

    assert found.state == "unknown"
    assert "the pull at 2026-11-01 13:00 UTC failed" in found.reason


def test_usage_of_the_month_before_does_not_count() -> None:
    peak = FLAT.replace("{product", "{measure: peak, product")
    usage = "usage: [{from: 2026-10-01, to: 2026-10-31, used: 9 GB}, {from: 2026-11-01, used: 4 GB}]"

    assert lines(f"{peak}\nperiod: 2026-11\n{usage}") == {"backup-gb": 4}


def test_without_usage_the_source_has_never_listed_the_customer() -> None:
    found = outcome("mapping: dogwood-clinic\nperiod: 2026-11")

    assert (found.state, found.money) == ("never seen", 6)
    assert found.trace[0] == "0 GB used, because the source has never listed the customer"


@pytest.mark.parametrize(
    ("usage", "error"),
    [
        ("{from: 2026-12-02, used: 5 GB}", "it begins after the run, which is at 2026-11-30 23:00"),
        ("{at: 2026-12-02, used: 5 GB}", "it begins after the run"),
        ("{from: 2026-11-02 01:10, to: 2026-11-02 01:50, used: 5 GB}", "the source is read at full hours"),
        ("{from: 2026-11-02, to: 2026-11-01, used: 5 GB}", "2026-11-01 is before 2026-11-02"),
        ("{from: 2010-01-01, used: 5 GB}", "this is more than 20,000 hourly pulls"),
        ("{from: 2027-03-14 02:30, used: 5 GB}", "2027-03-14 02:30 does not exist in America/New_York"),
        ("{from: 2026-11-01, used: 5 GB, source: covr}", "there is no usage source covr in this workspace | did"),
    ],
)  # fmt: skip
def test_an_entry_that_no_pull_reads_is_an_error(usage: str, error: str) -> None:
    (found,) = errors(
        f"cases: [{{name: a, mapping: alder-dental, period: 2026-11, usage: [{usage}], expect: {{money: 0}}}}]"
    )

    assert error in found


def test_too_many_samples_are_refused() -> None:
    entries = ", ".join(f"{{from: 2025-01-01, used: 1 GB, device: d{index}}}" for index in range(40))

    (found,) = errors(
        f"cases: [{{name: a, mapping: {{product: backup-gb, measure: mean}}, period: 2026-11, usage: [{entries}], "
        "expect: {money: 0}}]"
    )

    assert "this is more than 500,000 samples" in found


def test_a_quintillion_bytes_are_billed_exactly() -> None:
    found = outcome(f"{FLAT}\nperiod: 2026-11\nusage: [{{from: 2026-11-01, used: 1000000000000000001}}]")

    assert [(line.quantity, line.amount) for line in found.lines] == [(D("1000000000"), D("150000000.00"))]
    assert found.trace[-1] == "1000000000 GB with six decimals"


def test_the_last_hour_is_counted_from_the_start_of_the_month() -> None:
    found = [period_of(datetime(2026, 10, 5, tzinfo=UTC), zone) for zone in ("Australia/Lord_Howe", "Europe/Berlin")]

    assert [each.end - last_hour(each) for each in found] == [timedelta(minutes=30), timedelta(hours=1)]
