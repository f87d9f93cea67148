"""A command that failed, in the order in which every form shows it: what happened, then each place, then the advice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

_RESULTS = {3: "refused", 130: "interrupted"}


@dataclass(frozen=True, slots=True)
class Place:
    """One error of the manifests. Its texts come partly from outside, and are not made safe."""

    where: str
    """The file with the line and the column."""
    message: str
    suggestion: str
    line: str
    """The line of the file."""


@dataclass(frozen=True, slots=True)
class FailureView:
    """A command that failed. Its texts come partly from outside, and are not made safe."""

    result: str
    """`failed`, `refused` or `interrupted`."""
    message: str
    """What happened, with the place before it."""
    details: list[str]
    """The other lines of the message."""
    places: list[Place]
    advice: list[str]


def failure_view(error: Json) -> FailureView:
    """Return the view of an error. `error` is the JSON of the error document."""
    first, *details = error["message"].split("\n")
    where = f"{error['where']}: " if error["where"] else ""
    several = len(error["diagnostics"]) > 1  # A single one is the message of the error itself.
    advice = "Correct these errors." if several else error["advice"]
    return FailureView(
        result=_RESULTS.get(error["code"], "failed"),
        message=f"{where}{first}",
        details=details,
        places=[_place(each) for each in error["diagnostics"]] if several else [],
        advice=[line.strip() for line in advice.split("\n") if line.strip()],
    )


def _place(found: Json) -> Place:
    numbers = f":{found['line']}:{found['column']}" if found["line"] else ""
    return Place(f"{found['file']}{numbers}", found["message"], found["suggestion"], found["text"])
