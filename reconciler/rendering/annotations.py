"""Errors of manifests as annotations of GitHub, and as SARIF, so that a pull request shows them at their lines."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

Json = Mapping[str, Any]

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULE = "manifest"
_COMMAND = re.compile(
    r"(?:^|(?<=[\r\v\f\x1c-\x1e\x85\u2028\u2029]))(?P<blanks>\s*):(?=:)|##(?=[\w.-]*\[)", re.MULTILINE
)
"""The begin of a command to the program that runs a pipeline: `::set-output` of GitHub at the begin of a line, and
`##[error]` or `##vso[…]` of GitHub and Azure Pipelines, anywhere in a line [seen]."""


def github_annotations(diagnostics: Iterable[Json]) -> Iterator[str]:
    """Yield one workflow command of GitHub Actions for each error or warning [docs]. `diagnostics` is their JSON."""
    for each in diagnostics:
        place = {"file": each["file"], "line": each["line"], "col": each["column"]}
        given = ",".join(f"{name}={_property(str(value))}" for name, value in place.items() if value)
        yield f"::{each['severity']} {given}::{_data(_text(each))}"


def sarif(diagnostics: Iterable[Json], version: str) -> dict[str, Any]:
    """Return the errors and warnings as one run in SARIF 2.1.0. `version` is that of the program."""
    rule = {"id": _RULE, "shortDescription": {"text": "A manifest has to be valid."}}
    driver = {"name": "reconciler", "semanticVersion": version, "rules": [rule]}
    return {
        "$schema": _SARIF_SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(each) for each in diagnostics],
            }
        ],
    }


def without_commands(text: str) -> str:
    """Return a text for the log of a pipeline. What looks like a command to the pipeline has a character written out.

    Names and lines of manifests appear in logs. They must not set a variable of the pipeline, or hide its errors.
    """
    return _COMMAND.sub(_written_out, text) if "::" in text or "##" in text else text


def without_commands_in_json(text: str) -> str:
    """Return the same JSON without commands to a pipeline. Two number signs occur in its strings only."""
    return _COMMAND.sub(_written_out, text) if "##" in text else text


def _written_out(match: re.Match[str]) -> str:
    return "#\\u0023" if match["blanks"] is None else f"{match['blanks']}\\u003a"


def _result(found: Json) -> dict[str, Any]:
    # A name that is not UTF-8 has its bytes as surrogates (PEP 383). A URI has bytes, so they are written as they are.
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(found["file"], errors="surrogateescape")}}
    if found["line"]:
        place["region"] = {"startLine": found["line"], "startColumn": max(1, found["column"])}
    return {
        "ruleId": _RULE,
        "level": found["severity"],
        "message": {"text": _text(found)},
        "locations": [{"physicalLocation": place}],
    }


def _text(found: Json) -> str:
    suggestion = f"\n{found['suggestion']}" if found["suggestion"] else ""
    return f"{found['message']}{suggestion}"


def _data(text: str) -> str:
    """Return text with the characters written out that would end a workflow command [docs]."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Return text for a property of a workflow command, which also ends at a colon or a comma [docs]."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
