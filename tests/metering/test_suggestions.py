"""Tests of suggestions between vanished and unmapped customers."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.metering import suggestions as suggest
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.suggestions import with_suggestions


def row(name: str, state: Any, source: str = "cove") -> CoverageRow:
    """Return a coverage row whose detail is `why`."""
    return CoverageRow(source, name, name, state, "none", "why", mapping=f"m-{name}")


def details(*rows: CoverageRow) -> list[str]:
    """Return the details of the rows with suggestions."""
    return [each.detail for each in with_suggestions(rows)]


def test_like_names_suggest_each_other() -> None:
    vanished, unmapped = details(row("Müller & Söhne", "vanished"), row("Müller & Söhne GmbH", "unmapped"))
    assert vanished == "why; did you mean customer Müller & Söhne GmbH, Müller & Söhne GmbH?"
    assert unmapped == "why; did you mean this customer in CustomerMapping/m-Müller & Söhne?"


def test_customers_of_another_source_are_not_suggested() -> None:
    assert details(row("Acme", "vanished"), row("Acme", "unmapped", source="csv")) == ["why", "why"]


def test_a_billed_customer_is_never_suggested() -> None:
    assert details(row("Acme", "vanished"), row("Acme", "billed")) == ["why", "why"]


def test_with_too_many_pairs_only_equal_names_are_suggested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggest, "MOST_COMPARISONS", 1)
    rows = [row("Acme", "vanished"), row("Beta", "vanished"), row("ACME", "unmapped"), row("Beta Ltd", "unmapped")]
    assert ["did you mean" in detail for detail in details(*rows)] == [True, False, True, False]
