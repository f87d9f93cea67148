"""`make bench` measures what its tables say. No test asserts a time."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from benchmarks import ended, importing, ledger, month_end
from benchmarks.floor import CONCURRENCY
from benchmarks.measuring import measure
from benchmarks.report import compare, show
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.workspace import ConnectWiseSettings
from reconciler.manifests.loading import load

CUSTOMERS = 10
IDLE = 1
"""Customers without a device: they get no addition, and a plan ends with exit code 5."""


def test_an_estate_is_measured_and_printed_as_a_table(tmp_path: Path) -> None:
    found = measure(tmp_path / "estate", CUSTOMERS, times=1, drops=True)
    applied, no_op, under_drops = found.applied, found.no_op, found.under_drops
    assert applied is not None
    assert no_op is not None
    assert under_drops is not None
    assert found.documents == CUSTOMERS * 5 + 6
    assert [phase.name for phase in found.empty] == [phase.name for phase in found.existing]
    assert applied.objects == applied.planned == CUSTOMERS * 5 + 4 - IDLE
    assert under_drops.objects == under_drops.planned
    assert under_drops.dropped > 0
    assert 0 < no_op.requests <= no_op.bound
    assert found.changed is not None
    assert found.added is not None
    assert 0 < found.changed.requests < 20
    assert found.changed.requests < found.added.requests < 20
    assert found.reconciled is not None
    assert 0 < found.reconciled.requests < 30
    told = StringIO()
    console = Console(file=told, width=120)
    show(console, found)
    compare(console, [found], ("Terraform v0", CUSTOMERS * 5, 1.0))
    for words in (
        "no-op plan, cold start",
        "floor",
        "plan --changed-since, one customer",
        "plan --changed-since, a new customer",
        "usage reconcile",
        "none created twice",
        "of Terraform's time",
    ):
        assert words in told.getvalue()


def test_the_floor_sends_as_many_requests_at_a_time_as_the_product() -> None:
    assert ConnectWiseSettings.model_fields["max_concurrency"].default == CONCURRENCY


def test_an_import_is_measured_by_its_phases(tmp_path: Path) -> None:
    found = importing.measure(tmp_path / "messy", 20)

    assert list(found.phases) == ["read", "match", "lay out and self-check", "review", "describe", "write"]
    assert found.documents > 20
    assert found.requests > 20


def test_the_estate_of_a_months_end_is_valid(tmp_path: Path) -> None:
    month_end.write_estate(tmp_path / "manifests", 2, "peak")
    found = load(tmp_path / "manifests").of(CustomerMappingSpec)
    assert [[(each.charge_name, each.measure) for each in one.spec.charges or ()] for one in found] == [
        [("storage", "peak"), ("devices", "peak")]
    ] * 2


def test_the_commands_of_a_months_end_are_compared_by_size() -> None:
    found = [
        month_end.MonthEnd(size, "peak", 0.5, [month_end.Command("usage preview", size / 100, 90.0, 7)])
        for size in (100, 400)
    ]
    told = StringIO()
    month_end.show(Console(file=told, width=160), found)
    for words in ("400 customers, s", "usage preview", "n^1.00", "8.0", "n^0.00"):
        assert words in told.getvalue()


def test_a_ledger_is_measured_and_nothing_is_wrong_with_it(tmp_path: Path) -> None:
    found = ledger.measure(tmp_path, ledger.Size(customers=3, devices=2, hours=30))

    assert (found.charged, found.problems) == (3, 0)
    told = StringIO()
    ledger.show(Console(file=told, width=120), found)
    for words in ("insert of an hour", "a month's peak of all customers", "ledger check", "seal the oldest month"):
        assert words in told.getvalue()
    assert "3 customers charged; 0 problems." in told.getvalue()


def test_an_hour_after_an_ended_month_is_measured_and_finds_nothing_due(tmp_path: Path) -> None:
    found = ended.measure(tmp_path, ledger.Size(customers=3, devices=1, hours=760), (0, 1))

    assert found.due == 0
    assert found.first.keys() == found.next.keys() == {0, 1}
    told = StringIO()
    ended.show(Console(file=told, width=120), found)
    for words in ("3 customers with `peak`", "ratio to no ended month", "0 adjustments were found"):
        assert words in told.getvalue()
