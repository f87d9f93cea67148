"""Errors of manifests as annotations of GitHub, and as SARIF, so that a pull request shows them at their lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

Json = Mapping[str, Any]

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_RULE = "manifest"


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
        "runs": [{"tool": {"driver": driver}, "results": [_result(each) for each in diagnostics]}],
    }


def _result(found: Json) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": quote(found["file"])}}
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
