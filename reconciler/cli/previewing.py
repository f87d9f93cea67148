"""Load what `usage preview` needs from ConnectWise and the ledger. No usage source is pulled."""

from __future__ import annotations

from typing import Any

from reconciler.additions.plan import UsagePart, plan_usage
from reconciler.additions.views import AdditionView
from reconciler.cli.planning import PlanOptions, usage_inputs
from reconciler.cli.reading import read_usage_to_plan
from reconciler.cli.session import Session
from reconciler.cli.show_usage import USAGE, not_found
from reconciler.closing.preview import AgreementFacts, ToPreview, preview
from reconciler.errors import ReconcilerError
from reconciler.kinds.agreement import AgreementSpec
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveState
from reconciler.live.read import read_live_state
from reconciler.metering.period import local_date
from reconciler.planning.plan import CoverageRow

_UNBILLED = ("waiting", "refused", "proposed", "invoiced")
"""The states of coverage in which an invoice lacks usage of a mapping."""


async def preview_invoices(session: Session, only: str | None) -> dict[str, Any]:
    """Return the next invoices of all agreements with usage as JSON, or of those that an address stands for.

    Raises `ReconcilerError` if no agreement has the address.
    """
    declared = await read_live_state(session.client, session.manifests, USAGE)
    inputs = usage_inputs(session, await read_usage_to_plan(session, declared), PlanOptions())
    part, live_state = plan_usage(inputs), inputs.context.live_state
    documents = session.manifests.of(AgreementSpec)
    facts = {
        live.id: AgreementFacts(each.address, each.spec.invoiced)
        for each in documents
        if (live := live_state.matches.get(each.address)) is not None
    }
    return preview(
        ToPreview(
            workspace=session.manifests.workspace.name,
            at=session.context.now,
            today=local_date(session.context.now, session.workspace.billing.timezone),
            currency=session.workspace.billing.currency,
            live_state=live_state,
            complete=declared.additions.keys(),
            facts=facts,
            ours={each.live.id: each.address for each in part.views if each.live is not None},
            actions=part.part.actions,
            held=_held(part),
            pending=[each for each in part.part.held if each.id is None],
            unbilled=_unbilled(part, live_state),
            only=None if only is None else _agreements_of(session, live_state, only),
        )
    )


def _held(part: UsagePart) -> dict[str, str]:
    """Return, by address, why the next plan leaves an addition as it stands."""
    held = {each.address: each.reason for each in part.views if each.state in ("held", "orphan")}
    for each in part.views:
        if each.state == "kept":
            for row in part.part.coverage:
                if row.state != "billed" and _is_of(row, each):
                    held[each.address] = row.detail
    return held


def _is_of(row: CoverageRow, view: AdditionView) -> bool:
    """Return whether a row of the coverage is about the charge of an addition."""
    mapping = f"CustomerMapping/{view.mapping}"
    return row.address == mapping and (
        row.charge is None or view.address.startswith(f"Addition/{view.mapping}.{row.charge}:")
    )


def _unbilled(part: UsagePart, live_state: LiveState) -> dict[int, list[tuple[str, str]]]:
    """Return, by id of an agreement, the mappings that no line bills in full, each with the reason."""
    found: dict[int, list[tuple[str, str]]] = {}
    for row in part.part.coverage:
        link = live_state.links.get(row.address or "", {}).get(("agreement",))
        if row.state in _UNBILLED and link is not None and link.id is not None:
            found.setdefault(link.id, []).append((str(row.address), f"is {row.state}: {row.detail}"))
        if row.state == "owed" and (number := _agreement_of(row, live_state)) is not None:
            found.setdefault(number, []).append((str(row.address), f"is owed: {row.detail}"))
    return found


def _agreement_of(row: CoverageRow, live_state: LiveState) -> int | None:
    """Return the id of the agreement of an amount that is owed, by the address of its addition."""
    mapping = (row.address or "").partition("/")[2].partition(":")[0].rpartition(".")[0]
    link = live_state.links.get(f"CustomerMapping/{mapping}", {}).get(("agreement",))
    return None if link is None else link.id


def _agreements_of(session: Session, live_state: LiveState, address: str) -> set[int]:
    """Return the ids of the agreements of an address: an agreement, a mapping, or a customer."""
    mappings = [
        each
        for each in session.manifests.of(CustomerMappingSpec)
        if address in (each.address, f"{each.spec.customer.source}/{each.spec.customer.id}")
    ]
    links = (live_state.links.get(each.address, {}).get(("agreement",)) for each in mappings)
    found = {link.id for link in links if link is not None and link.id is not None}
    live = live_state.matches.get(address)
    if live is not None and live.kind == "Agreement":
        found.add(live.id)
    if not found:
        known = [
            each.address for each in (*session.manifests.of(AgreementSpec), *session.manifests.of(CustomerMappingSpec))
        ]
        raise _unknown(address, known)
    return found


def _unknown(address: str, known: list[str]) -> ReconcilerError:
    return not_found(f"there is no agreement in ConnectWise for {address}", address, known)
