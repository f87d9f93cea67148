"""What a change of the manifests does to price cases: each is planned by the manifests of a commit, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Literal

from reconciler.cases.errors import CaseError
from reconciler.cases.estate import Estate
from reconciler.cases.finding import has_cases
from reconciler.cases.loading import Loaded, LoadedCase, cases_in
from reconciler.cases.outcome import Outcome
from reconciler.cases.suite import Result, result_of
from reconciler.manifests import files, git
from reconciler.manifests.before import load_before
from reconciler.manifests.diagnostics import ManifestError
from reconciler.manifests.files import SourceFile, shown
from reconciler.manifests.report import Report

_ZERO = Decimal(0)

Expectation = Literal["same", "changed", "new"]
"""Whether the change has another expectation for the case than the commit. `new`: the commit does not have the case."""


@dataclass(frozen=True, slots=True)
class Before:
    """The manifests and the cases of a commit."""

    revision: str
    """As the user names it."""
    commit: str
    estate: Estate | None
    """None if the manifests of the commit are not valid."""
    problem: str
    """Why they are not valid. Empty if they are."""
    cases: Mapping[tuple[str, str], LoadedCase]
    """The cases of the commit in the files that differ, by file and name."""
    files: frozenset[str]
    """The files with cases that differ, or that the commit does not have."""


@dataclass(frozen=True, slots=True)
class Change:
    """One case with another outcome than by the manifests of the commit."""

    result: Result
    before: Outcome | None
    """None if the case does not fit the manifests of the commit."""
    problem: str
    """Why it does not fit them. Empty if it does."""
    expectation: Expectation


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change does to all cases."""

    before: Before
    changes: tuple[Change, ...]
    same: int
    """How many cases have the same outcome."""
    money_before: Decimal
    """The sum of the totals of all cases that fit both manifests."""
    money_after: Decimal
    removed: tuple[tuple[str, str], ...]
    """(file, name) of the cases that only the commit has."""


def read_before(root: Path, revision: str, loaded: Loaded, *, workspace: str | None) -> Before:
    """Return what a commit has: where `HEAD` branched off `revision`. Raises `ReconcilerError` if Git cannot tell."""
    found = git.differences(root, revision)
    estate, problem = None, ""
    try:
        estate = Estate(load_before(root, found, workspace=workspace))
    except ManifestError as error:
        problem = error.summary
    cases: dict[tuple[str, str], LoadedCase] = {}
    names: set[str] = set()
    for name, content in _files_before(loaded.searched, revision):
        names.add(name)
        source = files.decode(name, content)
        if isinstance(source, SourceFile) and has_cases(source.text):
            cases |= {each.key: each for each in cases_in(source, Report({name: source}))}
    return Before(revision, found.commit, estate, problem, cases, frozenset(names))


def _files_before(searched: Sequence[Path], revision: str) -> Iterator[tuple[str, bytes]]:
    """Yield (name, old content) of the YAML files that differ where cases are looked for. A new one had no content."""
    for place in searched:
        folder = place if place.is_dir() else place.parent
        for path, content in git.differences(folder, revision).before.items():
            if files.is_manifest(path) and place in {folder, folder / path}:
                yield shown(folder / path), content or b""


def changes_of(results: Sequence[Result], before: Before, loaded: Loaded) -> Changes:
    """Return the cases whose lines, money or state differ between the commit and the present manifests."""
    found: list[Change] = []
    money_before = money_after = _ZERO
    for result in results if before.estate is not None else ():
        old, problem = _outcome(result.loaded, before.estate)
        if old is not None:
            money_before += old.money
            money_after += result.outcome.money
        if old is None or _differs(old, result.outcome):
            found.append(Change(result, old, problem, _expectation(result.loaded, before)))
    present = {each.key for each in loaded.cases}
    removed = tuple(key for key in before.cases if key not in present)
    same = len(results) - len(found) if before.estate is not None else 0
    return Changes(before, tuple(found), same, money_before, money_after, removed)


def _outcome(case: LoadedCase, estate: Estate | None) -> tuple[Outcome | None, str]:
    """Return the outcome of a case by the manifests of the commit, or why there is none."""
    if estate is None:
        return None, ""
    try:
        return result_of(case, estate).outcome, ""
    except CaseError as error:
        return None, error.what


def _differs(one: Outcome, other: Outcome) -> bool:
    """Return whether two outcomes bill differently. What a plan does to reach the lines does not count."""
    return _billed(one) != _billed(other)


def _billed(outcome: Outcome) -> object:
    return outcome.state, outcome.guardrails, [replace(line, state="", also=()) for line in outcome.lines]


def _expectation(case: LoadedCase, before: Before) -> Expectation:
    if case.file not in before.files:
        return "same"
    old = before.cases.get(case.key)
    if old is None:
        return "new"
    return "same" if old.raw.get("expect") == case.raw.get("expect") else "changed"
