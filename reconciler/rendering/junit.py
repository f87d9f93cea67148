"""The results of price cases as JUnit XML, which the test reports of GitLab, Jenkins and others read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from xml.etree import ElementTree as Xml

from reconciler.rendering.cases_view import Json, about, line_text, state_text, value_text

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 does not allow, also not as a reference."""
_SHOWN = "\N{REPLACEMENT CHARACTER}"


def junit(report: Json) -> str:
    """Return a report as JUnit XML: a test suite for each file, and a test case for each price case.

    `report` is the document of `test --json`. Characters that XML does not allow are replaced. Only elements and
    attributes of Jenkins' schema (junit-10.xsd) are used, which other readers know too.
    """
    root = Xml.Element("testsuites", {"name": "price cases", **_counts(report["cases"])})
    for file, cases in groupby(report["cases"], key=lambda case: case["file"]):
        of_file = list(cases)
        suite = Xml.SubElement(root, "testsuite", {"name": _text(file), **_counts(of_file), "skipped": "0"})
        for case in of_file:
            given = {"classname": case["mapping"] or case["customer"], "name": case["name"]}
            test = Xml.SubElement(suite, "testcase", {name: _text(value) for name, value in given.items()})
            if not case["passed"]:
                lines = list(_lines(case))
                failure = Xml.SubElement(
                    test, "failure", {"type": "expectation", "message": _text("; ".join(_differences(case)))}
                )
                failure.text = _text("\n".join(lines))
    Xml.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Xml.tostring(root, encoding="unicode")}\n'


def _counts(cases: list[Json]) -> dict[str, str]:
    return {"tests": str(len(cases)), "failures": str(sum(not each["passed"] for each in cases)), "errors": "0"}


def _differences(case: Json) -> Iterator[str]:
    outcome = case["outcome"]
    for each in case["mismatches"]:
        expected, actual = (value_text(each[side], each["form"], outcome) for side in ("expected", "actual"))
        yield f"{each['what']}: expected {expected}, got {actual}"


def _lines(case: Json) -> Iterator[str]:
    outcome = case["outcome"]
    yield f"{case['file']}:{case['line']}:{case['column']}: {about(case)}"
    yield from _differences(case)
    yield f"state: {state_text(outcome)}"
    yield from (f"line: {line_text(line, outcome)}" for line in outcome["lines"])
    yield from outcome["trace"]
    yield from outcome["warnings"]


def _text(text: str) -> str:
    return _FORBIDDEN.sub(_SHOWN, text)
