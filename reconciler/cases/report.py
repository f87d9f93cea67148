"""The results of price cases as JSON. The renderers read nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from reconciler.cases.against import Change, Changes
from reconciler.cases.compare import Mismatch
from reconciler.cases.outcome import Outcome
from reconciler.cases.suite import Result
from reconciler.kinds.values import plain_decimal
from reconciler.manifests.report import Report

Json = dict[str, Any]


def report_of(results: Sequence[Result], report: Report, *, files: int, others: Iterable[str] = ()) -> Json:
    """Return the document of `test --json`. Amounts and quantities are decimal text."""
    failed = sum(not each.passed for each in results)
    return {
        "summary": {"cases": len(results), "passed": len(results) - failed, "failed": failed, "files": files},
        "cases": [case_json(each, report) for each in results],
        "others": list(others),
    }


def changes_json(changes: Changes, report: Report) -> Json:
    """Return what a change of the manifests does to the cases."""
    before = changes.before
    return {
        "revision": before.revision,
        "commit": before.commit,
        "problem": before.problem,
        "cases": [_change(each, report) for each in changes.changes],
        "same": changes.same,
        "money": {"before": plain_decimal(changes.money_before), "after": plain_decimal(changes.money_after)},
        "removed": [{"file": file, "name": name} for file, name in changes.removed],
    }


def _named(result: Result, report: Report) -> Json:
    """Return the name of a case, its place, its customer, and whether it passed."""
    loaded = result.loaded
    line, column = report.place(loaded.at("name"))
    return {
        "name": loaded.case.name,
        "file": loaded.file,
        "line": line,
        "column": column,
        "passed": result.passed,
        "mapping": result.mapping,
        "customer": result.customer,
    }


def _change(change: Change, report: Report) -> Json:
    return {
        **_named(change.result, report),
        "expectation": change.expectation,
        "before": None if change.before is None else outcome_json(change.before),
        "problem": change.problem,
        "after": outcome_json(change.result.outcome),
    }


def case_json(result: Result, report: Report) -> Json:
    """Return one case with what came out of it, and what it expected otherwise."""
    return {
        **_named(result, report),
        "outcome": outcome_json(result.outcome),
        "mismatches": [_mismatch(each, result, report) for each in result.mismatches],
    }


def outcome_json(outcome: Outcome) -> Json:
    """Return what came out of a case."""
    found = {each.name: _plain(getattr(outcome, each.name)) for each in fields(outcome)}
    return {**found, **{name: _plain(getattr(outcome, name)) for name in ("money", "cost", "margin")}}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain_decimal(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if hasattr(value, "__dataclass_fields__"):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    return value


def _mismatch(mismatch: Mismatch, result: Result, report: Report) -> Json:
    line, column = report.place(result.loaded.at("expect", *mismatch.path))
    return {
        "what": mismatch.what,
        "form": mismatch.form,
        "expected": _plain(mismatch.expected),
        "actual": _plain(mismatch.actual),
        "path": ".".join(map(str, mismatch.path)),
        "line": line,
        "column": column,
    }
