"""Write a customer mapping for each proposal: certain ones as they are, the others marked `proposed`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.additions.tag import parse
from reconciler.importing.candidates import Days
from reconciler.importing.charges import Charges
from reconciler.importing.describe import Describer
from reconciler.importing.drafts import Draft, in_order
from reconciler.importing.estate import Estate
from reconciler.importing.existing import Existing
from reconciler.importing.kinds_in_files import MAPPING
from reconciler.importing.matching.model import CandidateAgreement, CandidateCompany, Proposal
from reconciler.importing.outcome import Missing, MissingError, Outcome, invalid
from reconciler.importing.slugs import slug
from reconciler.importing.solutions import Solutions
from reconciler.importing.yaml_values import Ref
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.registry import kind


class Mapper:
    """Writes the mappings of the proposals, each with the management solution that it needs."""

    def __init__(
        self, estate: Estate, existing: Existing, describer: Describer, days: Days, proposals: Sequence[Proposal]
    ) -> None:
        self._describer = describer
        self._proposals = proposals
        self._currency = existing.manifests.workspace.spec.billing.currency
        self._charges = Charges(estate, existing, days, proposals)
        self._solutions = Solutions(estate, existing, describer, proposals)
        self._mapped = {
            (each.spec.customer.source, each.spec.customer.id): each
            for each in existing.manifests.of(CustomerMappingSpec)
        }

    def outcomes(self, chosen: frozenset[int]) -> list[Outcome]:
        """Write the mappings, and return the outcome of each proposal, in their order.

        `chosen` are the ids of the companies that this import writes.
        """
        return [self._outcome(each, chosen) for each in self._proposals]

    def _outcome(self, proposal: Proposal, chosen: frozenset[int]) -> Outcome:
        known, confidence = proposal.company, proposal.company_confidence
        existing = self._mapped.get(proposal.customer.key)
        if existing is not None:
            outcome = Outcome(proposal, confidence, mapping=existing.address, proposed=existing.metadata.proposed)
            return self._with_line(outcome)
        if confidence == "open" or known is None:
            return Outcome(proposal, "open", proposal.reasons)
        try:
            if known.id not in chosen:
                raise MissingError(_not_asked_for(known))
            if proposal.agreement is None:
                raise MissingError(_no_agreement(proposal))
            return self._written(proposal, known, proposal.agreement)
        except MissingError as error:
            return Outcome(proposal, confidence, missing=error.missing)

    def _with_line(self, outcome: Outcome) -> Outcome:
        """Return the outcome of an existing mapping, with the line and the notes that a new one would have."""
        try:
            line = self._charges.line(outcome.proposal)
        except MissingError:
            return outcome
        _, notes = self._charges.charge(line)
        return replace(outcome, line=line, notes=notes)

    def _written(self, proposal: Proposal, company: CandidateCompany, agreement: CandidateAgreement) -> Outcome:
        """Add the documents of a proposal. Raises `MissingError` if they cannot be written."""
        if (currency := self._charges.wrong_currency(agreement)) is not None:
            raise MissingError(self._in_another_currency(agreement, currency))
        line = self._charges.line(proposal)
        solution, managed_id, new = self._solutions.of(proposal)
        charge, notes = self._charges.charge(line)
        proposed = proposal.confidence != "certain" or new is not None or bool(notes)
        draft = self._draft(proposal, company, agreement, {**charge, "solution": solution, "managedId": managed_id})
        draft.proposed = proposed
        if line.addition is not None:
            draft.keeps = ("price", "included") if line.adopt else ("price",)
        drafts = self._describer.drafts
        if new is not None:
            if not drafts.add(new):
                raise MissingError(invalid(drafts.left_out.pop().reason))
            draft.needs = new.address
        if proposed:
            draft.comment = comment(proposal, draft.address, notes)
        if not drafts.add(draft):
            reason = drafts.left_out.pop().reason
            if new is not None:
                drafts.remove(new, "its mapping cannot be written")
            raise MissingError(invalid(reason))
        return Outcome(proposal, proposal.confidence, mapping=draft.address, proposed=proposed, line=line, notes=notes)

    def _in_another_currency(self, agreement: CandidateAgreement, currency: str) -> Missing:
        why = f"agreement {agreement.name!r} is in {currency}, and the workspace bills in {self._currency}"
        advice = "Write a `CustomerMapping` with an agreement in that currency, or an `Exclusion` with the reason."
        return Missing("agreement", why, advice, (agreement,))

    def _draft(
        self, proposal: Proposal, company: CandidateCompany, agreement: CandidateAgreement, more: Mapping[str, Any]
    ) -> Draft:
        customer = proposal.customer
        name = {"name": customer.name} if customer.name.strip() and customer.name.isprintable() else {}
        spec = {
            "customer": {"source": customer.source, "id": customer.id, **name},
            "company": Ref("Company", company.id),
            "agreement": Ref("Agreement", agreement.id),
            **more,
        }
        of = kind(MAPPING)
        wanted = self._name_in_tags(proposal) or slug(customer.name)
        draft = Draft(of, self._describer.names.of(MAPPING, wanted, slug(customer.id)), in_order(of, spec))
        draft.company, draft.file = company.id, self._describer.company_files[company.id]
        return draft

    def _name_in_tags(self, proposal: Proposal) -> str | None:
        """Return the name of the mapping in the tag of an addition that bills the customer already."""
        for each in self._charges.tagged(proposal):
            tag = parse(each.raw.get("serialNumber"))
            if tag is not None and len(tag.parts) > 2:
                return slug(tag.parts[2]) if slug(tag.parts[2]) == tag.parts[2] else None
        return None


def _no_agreement(proposal: Proposal) -> Missing:
    if proposal.agreements:
        advice = "Write a `CustomerMapping` that names the right agreement."
    else:
        advice = "Make an agreement in ConnectWise and import again, or write an `Exclusion` with the reason."
    return Missing("agreement", "; ".join(proposal.reasons), advice, proposal.agreements)


def _not_asked_for(company: CandidateCompany) -> Missing:
    why = f"{company.name!r} is not among the companies that this import writes"
    return Missing("selection", why, f"Import it with `--company {company.identifier}`, or without a selection.")


def comment(proposal: Proposal, address: str, notes: Iterable[str]) -> tuple[str, ...]:
    """Return the comment above a proposed mapping: the evidence, and how to confirm it."""
    return (
        f"Proposed by `reconciler import` ({proposal.confidence}). While it is marked as proposed, it bills nothing.",
        "To confirm it:",
        f"  reconciler import --confirm {address}",
        *(f"- {each}" for each in proposal.evidence),
        *(f"- {each}" for each in notes),
    )
