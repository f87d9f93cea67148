"""Accepting: failed cases get what comes out as their expectation, and nothing else in the file changes."""

from __future__ import annotations

from textwrap import dedent

import pytest

from reconciler.cases.accept import accepted
from reconciler.cases.loading import cases_in
from reconciler.cases.suite import run
from reconciler.manifests.files import SourceFile
from reconciler.manifests.report import Report
from tests.cases.trying import example

CASE = """
# All cases of Alder.
cases:
  - name: a # the first
    mapping: alder-dental
    period: 2026-11
    usage:
      - {from: 2026-11-01, used: 120.4 GB}
      - {from: 2026-11-01, used: 9 GB, customer: "1001002"}
      - {from: 2026-11-01, used: missing, device: x, customer: "77"}
    expect: # everything
%s
"""


def accept(expect: str) -> str:
    """Return the new text of `expect`. The cases of the new text must pass."""
    text = CASE % "\n".join(f"      {line}" for line in dedent(expect).strip().splitlines())
    source = SourceFile("tests/a.yaml", text)
    report = Report({source.name: source})
    new = accepted(run(cases_in(source, report), example(), report), report.sources).get(source.name, text)
    assert new.startswith(CASE.partition("%s")[0])
    again = Report({source.name: SourceFile(source.name, new)})
    results = run(cases_in(again.sources[source.name], again), example(), again)
    assert not again.diagnostics(), "\n".join(map(str, again.diagnostics()))
    assert all(each.passed for each in results) or new == text
    return dedent(new.partition("# everything\n")[2]).strip()


BIRCH = "- {product: backup-gb-500, quantity: 9, unitPrice: 0.14, amount: 1.26}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("state: held # no", "state: billed # no"),
        ("money: 5", "money: 19.41"),
        ("money: 19.41\nstate: billed", "money: 19.41\nstate: billed"),
        ("guardrails: [zero]", "guardrails: []"),
        ("guardrails:\n  - zero", "guardrails: []"),
        (
            "lines:\n  - {product: backup-gb, quantity: 120, amount: 18} # 120.4 GB",
            "lines:\n  - {product: backup-gb, quantity: 121, amount: 18.15} # 120.4 GB\n  " + BIRCH,
        ),
        (
            "lines:\n  # birch\n  - product: backup-gb-500\n    quantity: 8\n  - product: gone\n  - product: backup-gb",
            "lines:\n  # birch\n  - product: backup-gb-500\n    quantity: 9\n  - product: backup-gb",
        ),
        (
            "lines: []",
            "lines:\n  - {product: backup-gb, quantity: 121, unitPrice: 0.15, amount: 18.15}\n  " + BIRCH,
        ),
        ("lines: [{product: gone}, {product: backup-gb, lastDay: 2026-11-30}, {product: backup-gb-500}]",
         "lines: [{product: backup-gb, lastDay: null}, {product: backup-gb-500}]"),
        ("customers:\n  - {customer: '77', state: billed}", "customers:\n  - {customer: '77', state: unmapped}"),
        ("customers:\n  - {customer: '78'}\n  - {customer: '77'}", "customers:\n  - {customer: '77'}"),
        ("warnings: [nothing of this]", "warnings: []"),
    ],
)  # fmt: skip
def test_what_comes_out_is_the_new_expectation(before: str, after: str) -> None:
    assert accept(before) == after


@pytest.mark.parametrize("expect", ["reason: because", "customers: [{customer: '77', money: 5}]", "money: &m 5"])
def test_what_only_a_person_can_decide_stays_as_it_is(expect: str) -> None:
    assert accept(expect) == expect


def test_a_case_is_rewritten_as_a_whole_or_not_at_all() -> None:
    expect = "money: 5\nreason: because"

    assert accept(expect) == expect


def test_a_line_of_a_product_that_several_charges_bill_is_written_with_its_charge() -> None:
    text = """cases:
  - name: a
    mapping: {charges: [{product: backup-gb, price: 0.1}, {product: backup-gb, meter: devices, price: 1}]}
    period: 2026-11
    usage: [{device: a, from: 2026-11-01, used: 50 GB}]
    expect:
      lines: []
"""
    source = SourceFile("tests/a.yaml", text)
    report = Report({source.name: source})
    new = accepted(run(cases_in(source, report), example(), report), report.sources)[source.name]
    assert [each.strip() for each in new.partition("lines:")[2].strip().splitlines()] == [
        "- {product: backup-gb, charge: devices, quantity: 1, unitPrice: 1, amount: 1.00}",
        "- {product: backup-gb, charge: storage, quantity: 50, unitPrice: 0.1, amount: 5.00}",
    ]
