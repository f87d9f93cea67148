"""The proposals of an import as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from reconciler.importing.matching.model import CandidateCompany
from reconciler.importing.outcome import Outcome


def proposals_json(outcomes: Iterable[Outcome]) -> list[dict[str, Any]]:
    """Return the proposals as JSON, in their order."""
    return [_proposal(each) for each in outcomes]


def _proposal(outcome: Outcome) -> dict[str, Any]:
    proposal = outcome.proposal
    company, agreement = proposal.company, proposal.agreement
    addition = None if proposal.addition is None else proposal.addition.id
    if outcome.line is not None and outcome.line.addition is not None:
        addition = outcome.line.addition.id
    return {
        "source": proposal.customer.source,
        "customer": proposal.customer.id,
        "name": proposal.customer.name,
        "company": None if company is None else _company(company),
        "agreement": None if agreement is None else {"id": agreement.id, "name": agreement.name},
        "addition": addition,
        "confidence": outcome.confidence,
        "document": outcome.mapping,
        "proposed": outcome.proposed,
        "missing": None if outcome.missing is None else outcome.missing.to_json(),
        "evidence": [*proposal.evidence, *outcome.notes],
        "reasons": list(outcome.reasons),
        "candidates": [
            {**_company(each.company), "score": each.score, "evidence": list(each.evidence)}
            for each in proposal.candidates
        ],
    }


def _company(company: CandidateCompany) -> dict[str, Any]:
    return {"id": company.id, "identifier": company.identifier, "name": company.name}
