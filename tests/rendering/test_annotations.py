"""Tests of errors of manifests as annotations of GitHub and as SARIF."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.diagnostics import Diagnostic
from reconciler.rendering.annotations import github_annotations, sarif

FOUND = Diagnostic("the price is 5 %", "Write it with a dot: 0.05", "manifests/a.yaml", 4, 26).to_json()
WHOLE = Diagnostic("is empty", "", "manifests/b c.yaml", severity="warning").to_json()
COMMAND = re.compile(r"::(error|warning) file=([^:,\r\n]*)(?:,line=(\d+))?(?:,col=(\d+))?::([^\r\n]*)")


def test_an_error_is_an_annotation_at_its_line() -> None:
    assert [*github_annotations([FOUND])] == [
        "::error file=manifests/a.yaml,line=4,col=26::the price is 5 %25%0AWrite it with a dot: 0.05"
    ]


def test_a_warning_about_a_whole_file_has_no_line() -> None:
    assert [*github_annotations([WHOLE])] == ["::warning file=manifests/b c.yaml::is empty"]


@given(st.text(), st.text(min_size=1))
def test_no_text_ends_an_annotation_or_begins_another(message: str, file: str) -> None:
    [found] = github_annotations([Diagnostic(message, "", file, 1, 1).to_json()])

    matched = COMMAND.fullmatch(found)
    assert matched is not None
    assert matched[5].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%") == message


def test_sarif_has_a_result_with_its_place_for_each_error() -> None:
    [run] = sarif([FOUND, WHOLE], "0.1.0")["runs"]

    assert run["tool"]["driver"]["semanticVersion"] == "0.1.0"
    assert run["results"] == [
        {
            "ruleId": "manifest",
            "level": "error",
            "message": {"text": "the price is 5 %\nWrite it with a dot: 0.05"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": "manifests/a.yaml"},
                        "region": {"startLine": 4, "startColumn": 26},
                    }
                }
            ],
        },
        {
            "ruleId": "manifest",
            "level": "warning",
            "message": {"text": "is empty"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": "manifests/b%20c.yaml"}}}],
        },
    ]


def test_a_file_name_that_is_not_utf_8_is_a_uri_of_its_bytes() -> None:
    [run] = sarif([Diagnostic("is empty", "", "a\udcff.yaml").to_json()], "0.1.0")["runs"]
    assert run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "a%FF.yaml"}
