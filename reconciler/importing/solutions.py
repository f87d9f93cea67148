"""The management solution that the mapping of a proposal needs. One that does not exist yet is proposed with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

from reconciler.importing.candidates import solution_of
from reconciler.importing.describe import Describer
from reconciler.importing.drafts import Draft
from reconciler.importing.estate import Estate
from reconciler.importing.existing import Existing
from reconciler.importing.kinds_in_files import MAPPING, SOLUTION
from reconciler.importing.matching.model import Proposal
from reconciler.importing.matching.usage import for_backup
from reconciler.importing.outcome import Missing, MissingError
from reconciler.importing.slugs import joined, slug
from reconciler.importing.yaml_values import Ref
from reconciler.kinds.management_solution import ManagementSolutionSpec
from reconciler.kinds.registry import kind

_INTEGRATION: Final = "ManagedDevicesIntegration"
_LONGEST_SOLUTION: Final = 30


class Solutions:
    """Finds the management solution of each proposal."""

    def __init__(self, estate: Estate, existing: Existing, describer: Describer, proposals: Iterable[Proposal]) -> None:
        self._estate = estate
        self._existing = existing
        self._describer = describer
        self._usual = self._most_used({each.customer.id for each in proposals})

    def of(self, proposal: Proposal) -> tuple[str, str, Draft | None]:
        """Return the solution and the Managed ID of a mapping, and the document of a solution that does not exist."""
        company = 0 if proposal.company is None else proposal.company.id
        managed_id = proposal.customer.id
        live = [solution_of(each) for each in self._estate.children.get(SOLUTION, {}).get(company, ())]
        same = sorted(name for name, number in live if number == managed_id and name)
        if same:
            return (self._usual if self._usual in same else same[0]), managed_id, None
        if not (managed_id.isascii() and managed_id.isdigit()):
            why = f"its id '{managed_id[:40]}' has other characters than digits, so it is no Managed ID"
            advice = "Write a `CustomerMapping` and a `ManagementSolution` with a Managed ID of digits."
            raise MissingError(Missing("managedId", why, advice))
        declared = self._declared(company, managed_id)
        if declared is not None:
            return declared, managed_id, None
        if self._usual is None:
            why = "no managed devices integration says which management solution it belongs to"
            advice = "Write `solution` of CustomerMapping into a `Defaults` document, and import again."
            raise MissingError(Missing("solution", why, advice))
        return self._usual, managed_id, self._new(self._usual, proposal, company)

    def _new(self, solution: str, proposal: Proposal, company: int) -> Draft:
        wanted = joined(self._describer.company_names[company], slug(solution))
        name = self._describer.names.of(SOLUTION, wanted, proposal.customer.id)
        agreement = 0 if proposal.agreement is None else proposal.agreement.id
        spec = {
            "company": Ref("Company", company),
            "solution": solution,
            "managedId": proposal.customer.id,
            "agreement": Ref("Agreement", agreement),
            "deviceType": "BackupStats",
        }
        new = Draft(kind(SOLUTION), name, spec, proposed=True)
        new.company, new.file = company, self._describer.company_files[company]
        new.comment = ("Proposed by `reconciler import`, for the mapping below that needs it.",)
        return new

    def _declared(self, company: int, managed_id: str) -> str | None:
        """Return the solution of an existing document whose object does not exist in ConnectWise yet."""
        for document in self._existing.manifests.of(ManagementSolutionSpec):
            if document.spec.managed_id == managed_id:
                link = self._existing.matcher.links(document).get(("company",))
                if link is not None and link.id == company:
                    return document.spec.solution
        return None

    def _most_used(self, customers: frozenset[str] | set[str]) -> str | None:
        """Return the solution that most Managed IDs of customers have, else the only or first integration's."""
        found = [solution_of(each) for each in self._estate.of(SOLUTION)]
        counted = Counter(name for name, number in found if number in customers and 0 < len(name) <= _LONGEST_SOLUTION)
        if counted:
            return min(counted, key=lambda name: (-counted[name], name))
        default = self._existing.manifests.fallback.get(MAPPING, {}).get("solution")
        if isinstance(default, str):
            return default
        names = sorted(str(each.raw.get("solution") or "").strip() for each in self._estate.of(_INTEGRATION))
        usable = [name for name in names if 0 < len(name) <= _LONGEST_SOLUTION]
        backup = [name for name in usable if for_backup(name)] or usable
        return backup[0] if len(backup) == 1 else None
