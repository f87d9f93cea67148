"""Look up an addition, a customer or an undeclared object for `reconciler show`. No usage source is pulled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from pydantic_core import to_jsonable_python

from reconciler.additions.charges import ChargedUsage
from reconciler.additions.plan import UsageInputs, UsagePart, plan_usage
from reconciler.additions.views import AdditionView
from reconciler.cli.planning import PlanOptions, usage_inputs
from reconciler.cli.reading import read_usage_to_plan
from reconciler.cli.session import Session
from reconciler.errors import ReconcilerError
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.field_mapping import Object
from reconciler.kinds.registry import kind
from reconciler.ledger.declared import load_declared
from reconciler.ledger.journal import last_written, written_ids
from reconciler.live.lookup import lookup_by_path
from reconciler.live.read import Scope, read_live_state
from reconciler.manifests.selection import mapping_of, select
from reconciler.manifests.suggestions import listed, near

USAGE = Scope(setup=False, usage=True)


async def show_addition(session: Session, address: str) -> dict[str, Any]:
    """Return one addition with its live state, what a plan would do, and why.

    Raises `ReconcilerError` if no addition has the address, or if several have it in its short form.
    """
    _, part = await plan_from_ledger(session)
    return addition_named(part, address).to_json()


def addition_named(part: UsagePart, address: str) -> AdditionView:
    """Return the view of an addition by its long or its short address.

    Raises `ReconcilerError` if no addition has the address, or if several have it in its short form.
    """
    found = [line for line in part.views if line.has_address(address)]
    exact = [line for line in found if line.address == address]
    if len(found) > 1 and len(exact) != 1:
        names = listed(line.address for line in found)
        raise ReconcilerError(f"{address} matches {len(found)} additions", advice=f"Give the full address: {names}.")
    if not found:
        raise not_found(f"there is no addition {address}", address, [line.address for line in part.views])
    return (exact or found)[0]


async def show_customer(session: Session, address: str) -> dict[str, Any]:
    """Return the coverage, the additions and the measured devices of a customer, such as `cove/1001006`.

    Raises `ReconcilerError` if neither the source nor a mapping has the customer.
    """
    source, _, customer_id = address.partition("/")
    inputs, part = await plan_from_ledger(session)
    rows = [row for row in part.part.coverage if (row.source, row.customer) == (source, customer_id)]
    if not rows:
        known = [f"{row.source}/{row.customer}" for row in part.part.coverage]
        what = f"there is no customer {customer_id} in source {source}, and no mapping has it"
        raise not_found(what, address, known)
    return {
        "address": address,
        "coverage": [row.model_dump(mode="json") for row in rows],
        "additions": [line.to_json() for line in part.views if line.customer == address],
        "devices": _devices(inputs.usage, source, customer_id),
    }


def _devices(usage: ChargedUsage, source: str, customer_id: str) -> list[dict[str, Any]]:
    """Return the figure of each device in the latest hour that the measure of each charge uses.

    The figure is in bytes, or a number if what is counted has no unit.
    """
    charges = [each for each in usage.charges if (each.source, each.customer_id) == (source, customer_id)]
    return [
        {
            **({"charge": charge.name} if len(charges) > 1 else {}),
            "device": each.device_id,
            "number" if charge.unit is None else "bytes": each.bytes,
            "read_at": each.read_at.isoformat(),
        }
        for charge in charges
        if charge.measured is not None
        for each in charge.measured.chosen[-1].devices
    ]


async def plan_from_ledger(session: Session) -> tuple[UsageInputs, UsagePart]:
    """Charge and plan the usage that the ledger holds. No source is pulled."""
    live_state = await read_live_state(session.client, session.manifests, USAGE)
    inputs = usage_inputs(session, await read_usage_to_plan(session, live_state), PlanOptions())
    return inputs, plan_usage(inputs)


def part_of(session: Session, address: str) -> Session | None:
    """Return the session with only the mapping that an address names, and what it needs. None if it names none.

    The address is that of the mapping, of one of its additions, or of its customer.
    """
    manifests = session.manifests
    mappings = manifests.of(CustomerMappingSpec)
    named = [each.address for each in mappings if address in (each.address, _customer_of(each.spec))]
    if (mapping := mapping_of(address, manifests)) is not None:
        named.append(mapping)
    return replace(session, manifests=select(manifests, named)) if named else None


def _customer_of(spec: CustomerMappingSpec) -> str:
    return f"{spec.customer.source}/{spec.customer.id}"


def not_found(what: str, address: str, known: Sequence[str]) -> ReconcilerError:
    """Return the error for an address that nothing has, with the nearest of the `known` ones."""
    guesses = near(address, dict.fromkeys(known))
    advice = f"Did you mean {listed(guesses)}?" if guesses else "List all customers with: reconciler usage coverage"
    return ReconcilerError(what, advice=advice)


async def show_undeclared(session: Session, address: str) -> dict[str, Any] | None:
    """Return what we last wrote to an object that no document declares any more, and its live state.

    None if the ledger does not know that address. `live` is None if the object is not in ConnectWise any more.
    """
    workspace = session.manifests.workspace.name
    number = written_ids(session.ledger, workspace, address).get(address)
    if number is None and (known := load_declared(session.ledger, workspace, session.tenant, [address])):
        number = known[address].object_id
    if number is None:
        return None
    of = kind(address.partition("/")[0])
    live: Object | None = None
    if of.collection is not None and not of.parent:
        live = await lookup_by_path(session.client, f"{of.collection}/{number}")
    return {
        "address": address,
        "declared": False,
        "id": number,
        "written": to_jsonable_python(last_written(session.ledger, workspace, [address]).get(address, {})),
        "live": to_jsonable_python(live),
    }
