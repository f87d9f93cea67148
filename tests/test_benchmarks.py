"""`make bench` measures what its tables say. No test asserts a time."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console

from benchmarks import importing, ledger
from benchmarks.floor import CONCURRENCY
from benchmarks.measuring import measure
from benchmarks.report import compare, show
from reconciler.kinds.workspace import ConnectWiseSettings

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


def test_a_ledger_is_measured_and_nothing_is_wrong_with_it(tmp_path: Path) -> None:
    found = ledger.measure(tmp_path, ledger.Size(customers=3, devices=2, hours=30))

    assert (found.charged, found.problems) == (3, 0)
    told = StringIO()
    ledger.show(Console(file=told, width=120), found)
    for words in ("insert of an hour", "a month's peak of all customers", "ledger check", "seal the oldest month"):
        assert words in told.getvalue()
    assert "3 customers charged; 0 problems." in told.getvalue()
