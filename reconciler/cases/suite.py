"""Run price cases, one after the other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.cases.compare import Mismatch, mismatches
from reconciler.cases.errors import CaseError
from reconciler.cases.estate import Estate
from reconciler.cases.loading import LoadedCase
from reconciler.cases.outcome import Outcome, outcome_of
from reconciler.cases.prepare import prepare
from reconciler.manifests.report import Report


@dataclass(frozen=True, slots=True)
class Result:
    """A case with what came out of it."""

    loaded: LoadedCase
    mapping: str | None
    """The address of its mapping. None for a customer without one."""
    customer: str
    """`source/customer`."""
    outcome: Outcome
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        """Return whether everything came out as expected."""
        return not self.mismatches


def run(cases: Iterable[LoadedCase], estate: Estate, report: Report) -> list[Result]:
    """Return the results of cases. A case that does not fit the manifests has none: its error is in the report."""
    results = []
    for each in cases:
        try:
            results.append(result_of(each, estate))
        except CaseError as error:
            report.add(each.at(*error.path), error.what, error.advice)
    return results


def result_of(loaded: LoadedCase, estate: Estate) -> Result:
    """Return the result of one case. Raises `CaseError` if it does not fit the manifests."""
    prepared = prepare(loaded.case, estate)
    outcome = outcome_of(prepared)
    source, customer = prepared.subject.customer
    mapping = prepared.subject.mapping
    return Result(
        loaded,
        None if mapping is None else mapping.address,
        f"{source}/{customer}",
        outcome,
        tuple(mismatches(loaded.case.expect, outcome, source)),
    )
