"""The results of price cases in all forms: what they show first, how they are cut, and that hostile text stays text."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from markdown_it import MarkdownIt

from reconciler.rendering.annotations import github_annotations
from reconciler.rendering.cases_diagnostics import diagnostics_of
from reconciler.rendering.cases_text import cases_text
from reconciler.rendering.cases_view import change_lines, heading_text, line_text, others_text, value_text
from reconciler.rendering.junit import junit
from reconciler.rendering.markdown.cases import cases_markdown
from reconciler.rendering.paint import plain

EVIL = "</details>|@all \x1b[31m`<img src=x onerror=1>`\n::error::x %0A ]]> & \x00"


def line(**values: Any) -> dict[str, Any]:
    found = {"address": "Addition/a.storage:gb", "also": [], "product": "gb", "quantity": "5", "unit_price": "0.2"}
    found["charge"] = "storage"
    return {**found, "amount": "1.00", "first_day": "2026-11-01", "last_day": None, "state": "create", **values}


def outcome(**values: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "period": "2026-11",
        "now": "2026-11-30T23:00:00+00:00",
        "unit": "GB",
        "currency": "USD",
        "state": "billed",
        "reason": "",
        "lines": [line()],
        "guardrails": [],
        "customers": [],
        "warnings": [],
        "trace": ["5 GB used"],
        "money": "1.00",
    }
    return {**found, **values}


def case(**values: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": "a case",
        "file": "tests/a.yaml",
        "line": 3,
        "column": 11,
        "passed": True,
        "mapping": "CustomerMapping/a",
        "customer": "cove/1",
        "outcome": outcome(),
        "mismatches": [],
    }
    return {**found, **values}


def failed(text: str = "state", **values: Any) -> dict[str, Any]:
    mismatch = {"what": text, "form": "text", "expected": text, "actual": text, "path": "x", "line": 4, "column": 5}
    return case(passed=False, mismatches=[mismatch], **values)


def changed(**values: Any) -> dict[str, Any]:
    found = {key: each for key, each in case().items() if key not in {"outcome", "mismatches"}}
    after = outcome(money="2.00", lines=[line(unit_price="0.4", amount="2.00")])
    return {**found, "expectation": "same", "before": outcome(), "problem": "", "after": after, **values}


def changes(*cases: dict[str, Any], **values: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"revision": "main", "commit": "a" * 40, "problem": "", "cases": list(cases), "same": 1}
    return {**found, "money": {"before": "1.00", "after": "2.00"}, "removed": [], **values}


def report(*cases: dict[str, Any], **values: Any) -> dict[str, Any]:
    count = sum(not each["passed"] for each in cases)
    summary = {"cases": len(cases), "passed": len(cases) - count, "failed": count, "files": 1}
    return {"summary": summary, "cases": list(cases), "others": [], **values}


def text(found: dict[str, Any]) -> str:
    return "\n".join(cases_text(found, plain))


HOSTILE = report(
    failed(EVIL, name=EVIL, file="tests/a.yaml", mapping=None, customer=f"cove/{EVIL}"),
    changes=changes(
        changed(name=EVIL, after=outcome(lines=[line(product=EVIL)], state="held"), before=outcome(lines=[])),
        revision=EVIL,
        removed=[{"file": "tests/a.yaml", "name": EVIL}],
    ),
    others=[EVIL],
)


def test_hostile_text_stays_text_on_a_terminal() -> None:
    shown = text(HOSTILE)

    assert "\x1b" not in shown
    assert "\x00" not in shown
    assert not [each for each in shown.splitlines() if each.startswith("::error")]


def test_hostile_text_stays_text_in_markdown() -> None:
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(cases_markdown(HOSTILE))

    assert "<img" not in html
    assert html.count("<details") == html.count("</details>") == 2
    assert "@all" not in cases_markdown(HOSTILE)


def test_hostile_text_stays_text_in_xml() -> None:
    root = ElementTree.fromstring(junit(HOSTILE))

    (test,) = root.iter("testcase")
    assert test.get("name") == EVIL.replace("\x1b", "\ufffd").replace("\x00", "\ufffd")
    assert [child.tag for child in test] == ["failure"]


def test_hostile_text_ends_no_annotation() -> None:
    lines = list(github_annotations(diagnostics_of(HOSTILE)))

    assert len(lines) == 1
    assert "\n" not in lines[0]
    assert lines[0].startswith("::error file=tests/a.yaml,line=4,col=5::")


def test_markdown_is_cut_between_two_cases() -> None:
    many = report(*(failed(name=f"case {number}") for number in range(400)))
    many["changes"] = changes(*(changed(name=f"change {number}") for number in range(400)))
    shown = cases_markdown(many, max_bytes=20_000)

    assert len(shown.encode()) <= 20_000
    assert shown.count("<details") == shown.count("</details>")
    left = 800 - shown.count("❌") - shown.count("<summary>change")
    assert f"**Left out here: {left} cases.**" in shown
    whole = cases_markdown(report(failed(), changes=changes(changed())))
    assert "Left out" not in whole
    assert "<details open>\n<summary>a case: 1.00 → 2.00 USD a month (+1.00)</summary>" in whole


def test_markdown_of_cases_that_pass_is_short() -> None:
    assert cases_markdown(report(case())).splitlines()[1:] == ["### Price cases: 1 case in 1 file passed.", ""]


def test_many_removed_cases_are_counted() -> None:
    removed = [{"file": "a", "name": f"n{number}"} for number in range(7)]

    assert "7 cases removed: n0, n1, n2, n3, n4 and 2 more" in cases_markdown(report(changes=changes(removed=removed)))


def test_a_case_that_only_one_side_has_is_named() -> None:
    new = changed(before=None, problem="there is no CustomerMapping/a", expectation="new", passed=False)

    assert list(change_lines(new)) == [("mapping", "there is no CustomerMapping/a", "CustomerMapping/a")]
    shown = text(report(case(), changes=changes(new)))
    assert "a case (CustomerMapping/a, 2026-11); a new case; it fails" in shown
    assert "money: 2.00 USD a month" in shown


def test_each_difference_of_a_line_is_shown() -> None:
    before = outcome(lines=[line(), line(product="old"), line(product="more")])
    after = outcome(
        lines=[line(quantity="6", first_day=None, last_day="2026-11-30"), line(product="new"), line(product="more")],
        guardrails=["zero"],
        state="held",
    )

    assert list(change_lines(changed(before=before, after=after))) == [
        ("state", "billed", "held"),
        ("guardrails", "nothing", "zero"),
        ("quantity of gb", "5 GB", "6 GB"),
        ("first day of gb", "2026-11-01", "nothing"),
        ("last day of gb", "nothing", "2026-11-30"),
        ("line old", "old: 5 GB at 0.20 = 1.00 USD from 2026-11-01", "no line"),
        ("line new", "no line", "new: 5 GB at 0.20 = 1.00 USD from 2026-11-01"),
    ]


def test_lines_of_several_charges_are_named_by_charge_and_product() -> None:
    before = outcome(lines=[line(), line(charge="servers", quantity="2")])
    after = outcome(lines=[line(), line(charge="servers", quantity="3")])

    assert list(change_lines(changed(before=before, after=after))) == [("quantity of servers:gb", "2 GB", "3 GB")]
    assert line_text(after["lines"][1], after) == "servers:gb: 3 GB at 0.20 = 1.00 USD from 2026-11-01"
    assert line_text(line(charge=""), after).startswith("gb: 5 GB")


def test_values_have_their_unit_or_currency() -> None:
    assert value_text("5", "quantity", outcome()) == "5 GB"
    assert value_text("5", "amount", outcome(currency="JPY")) == "5 JPY"
    assert value_text(None, "amount", outcome()) == "nothing"
    assert value_text(["a", "b"], "text", outcome()) == "a, b"
    assert line_text(line(unit_price=None, first_day=None), outcome()) == "gb: 5 GB = 1.00 USD"


def test_few_other_files_are_named_and_many_are_counted() -> None:
    assert others_text(report(others=["a.yaml"])) == "1 YAML file without `cases` left out: a.yaml"
    assert others_text(report(others=["a"] * 4)) == "4 YAML files without `cases` left out: --json lists them"


def test_without_a_change_the_heading_says_so() -> None:
    assert heading_text(changes()) == "No case changes against main (commit aaaaaaaaaa)."
    assert "its manifests are not valid (2 errors in 1 file)" in heading_text(changes(problem="2 errors in 1 file"))


def test_junit_has_only_what_the_schema_of_jenkins_allows() -> None:
    allowed = {
        "testsuites": {"name", "tests", "failures", "errors"},
        "testsuite": {"name", "tests", "failures", "errors", "skipped"},
        "testcase": {"name", "classname"},
        "failure": {"type", "message"},
    }
    for element in ElementTree.fromstring(junit(report(case(), failed()))).iter():
        assert set(element.keys()) == allowed[element.tag]


def test_junit_has_a_suite_for_each_file() -> None:
    root = ElementTree.fromstring(junit(report(case(), case(file="tests/b.yaml", mapping=None))))

    assert [suite.get("name") for suite in root] == ["tests/a.yaml", "tests/b.yaml"]
    assert [test.get("classname") for test in root.iter("testcase")] == ["CustomerMapping/a", "cove/1"]
    assert {suite.get("failures") for suite in root} == {"0"}
