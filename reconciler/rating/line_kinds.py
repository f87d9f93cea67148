"""Decide how many additions bill a mapping: one for all months, or one for each month (BILLING, Additions)."""

from __future__ import annotations

from reconciler.kinds.agreement import AgreementSpec
from reconciler.kinds.billing_rules import Invoiced, Lines
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Manifests


def may_bill_single_months(manifests: Manifests) -> bool:
    """Return whether an addition may bill a single month, so that the month before can still change.

    Only an agreement that a document declares is invoiced in arrears.
    """
    charges = (charge for each in manifests.of(CustomerMappingSpec) for _, charge in each.spec.each_charge())
    return (
        manifests.workspace.spec.billing.lines == "perPeriod"
        or any(each.spec.invoiced == "arrears" for each in manifests.of(AgreementSpec))
        or any(charge.lines == "perPeriod" for charge in charges)
    )


class LineKinds:
    """The `lines` of mappings, and the `invoiced` of their agreements."""

    def __init__(self, manifests: Manifests, live_state: LiveState) -> None:
        self._manifests = manifests
        self._addresses = {live.id: address for address, live in live_state.matches.items() if live.kind == "Agreement"}

    def invoiced(self, agreement: Link | None) -> Invoiced:
        """Return when the invoices of an agreement are made. An agreement that no document declares is in advance."""
        if agreement is None:
            return "advance"
        address = agreement.address or self._addresses.get(agreement.id or 0)
        document = self._manifests.find(AgreementSpec, address)
        return "advance" if document is None else document.spec.invoiced

    def lines(self, declared: Lines | None, invoiced: Invoiced) -> Lines:
        """Return the `lines` of a mapping: its own, else those that its agreement needs, else the workspace's."""
        if declared is not None:
            return declared
        if invoiced == "arrears":
            return "perPeriod"
        return self._manifests.workspace.spec.billing.lines or "rolling"
