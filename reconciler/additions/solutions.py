"""Find the management solution that a mapping names, declared or live."""

from __future__ import annotations

from typing import Any

from reconciler.additions.refusal import RefusalError
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.management_solution import ManagementSolutionSpec
from reconciler.kinds.values import Link
from reconciler.manifests.documents import DocumentOf, Manifests


class Solutions:
    """The management solutions that the manifests declare, and those of ConnectWise."""

    def __init__(self, manifests: Manifests, live_state: LiveState) -> None:
        self._live_state = live_state
        solutions = manifests.of(ManagementSolutionSpec)
        self._declared = {key: each for each in solutions for key in self._keys(each)}

    def needed(self, mapping: DocumentOf[CustomerMappingSpec], company: Link) -> frozenset[str]:
        """Return the addresses of the mapping's declared management solution, which must be created first.

        The set is empty if the solution exists only in ConnectWise. Raises `RefusalError` if there is none.
        """
        declared = [self._declared[key] for key in self._keys(mapping) if key in self._declared]
        firm = [each for each in declared if not each.metadata.proposed]
        if firm:
            return frozenset(each.address for each in firm if not each.retired)
        spec = mapping.spec
        live_solutions = [_name_and_id(obj) for obj in self._live_state.solutions.get(company.id or 0, ())]
        if mapping.address in self._live_state.named or (spec.solution, spec.managed_id) in live_solutions:
            return frozenset()
        if declared:  # The solution is only proposed, and does not exist.
            if mapping.metadata.proposed:
                return frozenset()
            raise RefusalError(only_proposed(declared[0].address))
        has = " and ".join(f"{name} with {number}" for name, number in live_solutions) or "none"
        raise RefusalError(
            f"company {company.name} has no management solution {spec.solution} with Managed ID {spec.managed_id}, "
            f"declared or live; it has {has}. The name is compared with case"
        )

    def _keys(
        self, document: DocumentOf[CustomerMappingSpec] | DocumentOf[ManagementSolutionSpec]
    ) -> list[tuple[Any, str, str]]:
        """Return (company, solution, Managed ID) with the company as written, and as its link.

        Both are needed: a run for usage alone does not look up the company of a solution.
        """
        spec = document.spec
        companies = (spec.company, self._live_state.links.get(document.address, {}).get(("company",)))
        return [(company, spec.solution, spec.managed_id) for company in companies if company is not None]


def only_proposed(address: str) -> str:
    """Return why a mapping that needs this proposed document is refused."""
    return (
        f"it needs {address}, which is only proposed and not in ConnectWise: check it, and remove `proposed: true` "
        "from it"
    )


def _name_and_id(obj: LiveObject) -> tuple[str, str]:
    """Return the solution name and the Managed ID of a live management solution."""
    name = str((obj.raw.get("managementSolution") or {}).get("name") or "").strip()
    return (name, str(obj.raw.get("groupIdentifier") or "").strip())
