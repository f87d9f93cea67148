"""Everything that is unknown of an ended month is a gap, with what to do and how to accept it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from reconciler.additions.ledger_records import LedgerRecords
from reconciler.additions.plan import UsagePart
from reconciler.additions.views import AdditionView
from reconciler.closing.month_gaps import Gap, MonthFacts, SourceMonth, month_gaps
from reconciler.metering.coverage import Coverage, CoverageRow, Effect, State
from reconciler.planning.part import Part

ACME = ("acme", "storage")


def row(state: State, effect: Effect = "held", *, mapping: str | None = "acme", **more: Any) -> CoverageRow:
    charge = None if mapping is None else "storage"
    values: dict[str, Any] = {"detail": "why", "accounted": False, "charge": charge, **more}
    return CoverageRow("cove", "77", "Acme", state, effect, mapping=mapping, **values)


def view(address: str, state: str) -> AdditionView:
    return AdditionView(address, (), state, "new usage", "acme", "cove/77", None)


def gaps(
    *rows: CoverageRow,
    sources: Sequence[SourceMonth] = (),
    problems: dict[str, str] | None = None,
    measured: Sequence[tuple[str, str]] = (),
    ended: dict[tuple[str, str], dict[str, str]] | None = None,
    views: Sequence[AdditionView] = (),
    writes: Sequence[str] = (),
) -> list[Gap]:
    part = UsagePart(Part(), LedgerRecords(), tuple(views), ended or {})
    coverage = Coverage(tuple(rows), problems or {})
    return month_gaps(MonthFacts("2026-11", sources, coverage, measured, part, {"acme": "cove/77"}, writes))


# ── sources ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_source_with_a_pull_in_each_hour_is_no_gap() -> None:
    assert gaps(sources=[SourceMonth("cove", 720, 720)]) == []


def test_hours_without_a_believed_pull_are_a_gap_with_their_number_and_the_reasons() -> None:
    (found,) = gaps(sources=[SourceMonth("cove", 700, 720, failed=3, disbelieved=2)])
    assert found.what == "20 of 720 hours have no believed pull of cove (pulls: 3 failed, 2 not believed)"
    assert "reconciler usage pull --approve shrink=cove" in found.advice
    (found,) = gaps(sources=[SourceMonth("cove", 719, 720)])
    assert (found.what, found.advice) == (
        "1 of 720 hours have no believed pull of cove",
        "Accept it to leave these hours out for good.",
    )


def test_a_source_that_was_never_read_is_a_gap() -> None:
    (found,) = gaps(sources=[SourceMonth("cove", 0, 0)])
    assert found.what == "no pull of cove is believed up to the end of 2026-11"


def test_a_source_without_data_at_the_end_is_one_gap_for_all_its_customers() -> None:
    rows = [row("unknown"), row("unknown", mapping="other")]
    (found,) = gaps(*rows, sources=[SourceMonth("cove", 700, 720)], problems={"cove": "no network"})
    assert found.address == "cove"
    assert found.what.endswith("; at the end of the month, 2 of its charges had no figure that is new enough")


# ── customers ────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "state",
    ["refused", "proposed", "never seen", "uncounted", "unmapped", "unattributed", "vanished", "unknown", "stale"],
)
def test_a_customer_that_is_not_accounted_for_is_a_gap_with_advice(state: State) -> None:
    (found,) = gaps(row(state))
    assert (found.address, found.what, found.mapping) == ("cove/77", f"{state}: why", "CustomerMapping/acme")
    assert found.advice
    assert found.can_be_accepted


@pytest.mark.parametrize("state", ["billed", "waiting", "ended", "excluded"])
def test_a_customer_whose_month_is_known_is_no_gap(state: State) -> None:
    assert gaps(row(state, "billed")) == []


def test_a_gap_that_the_workspace_tolerates_is_none() -> None:
    assert gaps(row("unmapped", "none", mapping=None, accounted=True)) == []


def test_a_vanished_customer_whose_hours_count_0_is_no_gap() -> None:
    assert gaps(row("vanished", "zero")) == []


@pytest.mark.parametrize("state", ["unknown", "stale", "vanished"])
def test_late_samples_mend_the_gap_of_a_customer(state: State) -> None:
    assert gaps(row(state), measured=[ACME]) == []


def test_late_samples_do_not_mend_a_mapping_that_is_refused() -> None:
    assert [each.what for each in gaps(row("refused", detail=""), measured=[ACME])] == ["refused"]


def test_two_rows_that_say_the_same_are_one_gap() -> None:
    assert len(gaps(row("unmapped", mapping=None), row("unmapped", mapping=None))) == 1


# ── additions and writes ─────────────────────────────────────────────────────────────────────────────────


def test_a_month_that_is_not_billed_as_measured_is_a_gap() -> None:
    reasons = {ACME: {"2026-11": "no invoice bills it", "2026-10": "another month"}, ("bolt", "storage"): {}}
    (found,) = gaps(ended=reasons)
    assert (found.address, found.what, found.mapping) == ("cove/77", "no invoice bills it", "CustomerMapping/acme")


@pytest.mark.parametrize("state", ["create", "update", "adopt", "retire", "held"])
def test_an_addition_of_the_month_that_does_not_stand_as_rated_is_a_gap(state: str) -> None:
    (found,) = gaps(views=[view("Addition/acme.storage:gb@2026-11", state)])
    assert found.what == "Addition/acme.storage:gb@2026-11 does not stand as rated: new usage"
    assert "apply" in found.advice


def test_additions_that_stand_or_bill_another_month_are_no_gap() -> None:
    others = ("gb", "gb@2026-10", "gb@2026-11+1", "gb@2026-112")
    assert gaps(views=[view("Addition/acme.storage:gb@2026-11", "up to date")]) == []
    assert gaps(views=[view(f"Addition/acme.storage:{each}", "update") for each in others]) == []


def test_a_write_without_an_answer_cannot_be_accepted() -> None:
    (found,) = gaps(writes=["Addition/acme.storage:gb"])
    assert not found.can_be_accepted
    assert found.to_json()["accept"] is None


def test_the_option_that_accepts_a_gap_is_quoted_for_a_shell() -> None:
    assert Gap("cove/77", "unmapped", "map it").to_json() == {
        "address": "cove/77",
        "mapping": None,
        "what": "unmapped",
        "advice": "map it",
        "accept": "--accept cove/77=REASON",
    }
    assert Gap("file/a b", "unmapped", "map it").to_json()["accept"] == "--accept 'file/a b=REASON'"
