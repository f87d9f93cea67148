"""Load price cases, with all errors of their files at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cases import finding
from reconciler.cases.model import Case, CaseFile
from reconciler.manifests.diagnostics import Diagnostic
from reconciler.manifests.documents import Origin
from reconciler.manifests.files import SourceFile
from reconciler.manifests.parsing import parse
from reconciler.manifests.positions import Path as Place
from reconciler.manifests.report import Location, Report
from reconciler.manifests.validation import check
from reconciler.manifests.wording import Problem, described

_ADVICE = "begin with cases: and a list of cases"


@dataclass(frozen=True, slots=True)
class LoadedCase:
    """A case and its place."""

    case: Case
    origin: Origin
    path: Place
    """Its place in the document, such as (`cases`, 3)."""
    raw: Mapping[str, Any]
    """The case as it is written."""

    @property
    def file(self) -> str:
        """Return the path of its file as messages show it."""
        return self.origin.file

    @property
    def key(self) -> tuple[str, str]:
        """Return its file and its name, which no other case has."""
        return self.origin.file, self.case.name

    def at(self, *below: str | int) -> Location:
        """Return the place of a value in the case."""
        return Location(self.origin, (*self.path, *below))


@dataclass(frozen=True, slots=True)
class Loaded:
    """The cases of a repository, and the files that they are in."""

    cases: tuple[LoadedCase, ...]
    sources: Mapping[str, SourceFile]
    searched: Sequence[Path]
    """The folders and files in which cases were looked for."""
    others: Sequence[str]
    """Other YAML files in the searched folders."""
    report: Report
    """Finds the lines of values, and collects more errors of the cases."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """Return the errors of the files."""
        return self.report.diagnostics()


def load_cases(root: Path, paths: Sequence[Path] = ()) -> Loaded:
    """Return the cases of a repository, or of files and folders. `root` is the folder of its manifests.

    Errors are in the report. A file or a case with errors has no case in the result.
    """
    found = finding.find(root, paths)
    report = Report(found.sources, ready=list(found.problems))
    cases = [case for source in found.sources.values() for case in cases_in(source, report)]
    return Loaded(tuple(cases), found.sources, found.searched, found.others, report)


def cases_in(source: SourceFile, report: Report) -> list[LoadedCase]:
    """Return the cases of a file that are valid. Errors go into the report."""
    parsed = parse(source.text)
    for flaw in parsed.flaws:
        report.flaw(source.name, flaw)
    if not parsed.documents and not parsed.flaws:
        report.ready.append(Diagnostic("there is no case in this file", _ADVICE, source.name, 1, 1))
    found: list[LoadedCase] = []
    if parsed.flaws:
        return found
    for index, value in parsed.documents:
        origin = Origin(source.name, index)
        if not isinstance(value, dict):
            report.problem(origin, Problem((), f"a case file must be a mapping, got {described(value)}", _ADVICE))
            continue
        checked = check(CaseFile, value)
        for problem in checked.problems:
            report.problem(origin, problem)
        if not checked.problems:
            found += (
                LoadedCase(case, origin, ("cases", place), value["cases"][place])
                for place, case in enumerate(checked.value.cases)
            )
    _check_names(found, report)
    return found


def _check_names(cases: Sequence[LoadedCase], report: Report) -> None:
    """Report each name that two cases of a file have."""
    first: dict[str, LoadedCase] = {}
    for each in cases:
        other = first.setdefault(each.case.name, each)
        if other is not each:
            report.add(
                each.at("name"),
                "this file has two cases with this name; the first one is at {other}",
                "give one of the two another name",
                other=other.at("name"),
            )
