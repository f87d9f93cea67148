"""Run price cases from YAML text, by the example estate or by documents of a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from textwrap import dedent, indent

from reconciler.cases.estate import Estate
from reconciler.cases.loading import cases_in
from reconciler.cases.outcome import Outcome
from reconciler.cases.suite import Result, run
from reconciler.manifests.documents import Document
from reconciler.manifests.files import SourceFile
from reconciler.manifests.loading import load
from reconciler.manifests.report import Report

EXAMPLE = Path(__file__).parent.parent.parent / "manifests"
D = Decimal


@cache
def example() -> Estate:
    return Estate(load(EXAMPLE))


def estate_with(change: Callable[[Document], Document]) -> Estate:
    """Return the example estate with each document changed, the workspace too."""
    found = example().manifests
    documents = tuple(change(each) for each in found.documents)
    return Estate(replace(found, workspace=change(found.workspace), documents=documents))


def with_spec(document: Document, **values: object) -> Document:
    return replace(document, spec=document.spec.model_copy(update=values))


def source(text: str) -> SourceFile:
    return SourceFile("tests/prices.yaml", dedent(text))


def one(text: str, estate: Estate | None = None) -> Result:
    """Run one case. `text` has its fields after the name. It needs no `expect`."""
    body = dedent(text)
    if "expect:" not in body:
        body += "\nexpect: {lines: []}\n"
    found = source("cases:\n  - name: a case\n" + indent(body, "    "))
    report = Report({found.name: found})
    results = run(cases_in(found, report), estate or example(), report)
    assert not report.diagnostics(), "\n".join(map(str, report.diagnostics()))
    (result,) = results
    return result


def outcome(text: str, estate: Estate | None = None) -> Outcome:
    return one(text, estate).outcome


def lines(text: str, estate: Estate | None = None) -> Mapping[str, Decimal]:
    """Return the quantity of each line by its product."""
    return {line.product: line.quantity for line in outcome(text, estate).lines}


def errors(text: str, estate: Estate | None = None) -> list[str]:
    """Return the errors of a case file as `line:column message`, with the advice."""
    found = source(text)
    report = Report({found.name: found})
    run(cases_in(found, report), estate or example(), report)
    return [
        f"{each.line}:{each.column} {each.message}" + (f" | {each.suggestion}" if each.suggestion else "")
        for each in report.diagnostics()
    ]
