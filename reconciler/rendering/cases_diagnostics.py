"""Failed price cases as diagnostics, so that a pull request shows each at the line of its expectation."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.rendering.cases_view import Json, value_text


def diagnostics_of(report: Json) -> Iterator[Json]:
    """Yield one diagnostic for each expectation that is not met, as `annotations` reads them."""
    for case in report["cases"]:
        outcome = case["outcome"]
        for each in case["mismatches"]:
            expected, actual = (value_text(each[side], each["form"], outcome) for side in ("expected", "actual"))
            yield {
                "severity": "error",
                "message": f"{case['name']}: {each['what']}: expected {expected}, got {actual}",
                "suggestion": "\n".join(outcome["trace"]),
                "file": case["file"],
                "line": each["line"],
                "column": each["column"],
            }
