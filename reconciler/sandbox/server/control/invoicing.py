"""The controls of invoices: when they are made, and the lines that each one billed, which ConnectWise never shows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from reconciler.sandbox.connectwise.rules.billed import cycle_of, lines_of
from reconciler.sandbox.connectwise.rules.cycles import Cycle, next_cycle
from reconciler.sandbox.connectwise.rules.invoices import no_more_invoices
from reconciler.sandbox.connectwise.schema.errors import Refusal
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.invoicing import Routine, make_invoice
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.server.control.bodies import ControlError, InvoicesBody, RoutineBody
from reconciler.sandbox.server.control.call import Call


def show_routines(call: Call) -> dict[str, Any]:
    """Return the usual routine, and for each agreement its own and its next invoice."""
    tenant, invoicing = call.sandbox.tenant, call.sandbox.invoicing
    return {"usual": _routine(invoicing.usual), "agreements": [_agreement(call, each) for each in _agreements(tenant)]}


def set_routine(call: Call) -> dict[str, Any]:
    """Set when invoices are made as time passes, make those that are due already, and return all routines.

    Without an agreement, the routine becomes that of all agreements.
    """
    wanted, sandbox = call.read(RoutineBody), call.sandbox
    if wanted.agreement is not None:
        _get(sandbox.tenant, wanted.agreement)
    routine = None if wanted.timing == "none" else Routine(wanted.timing, wanted.days)
    sandbox.invoicing.set(routine, wanted.agreement)
    sandbox.catch_up()
    return show_routines(call)


def show_invoices(call: Call) -> list[dict[str, Any]]:
    """Return every invoice of a period, with its lines."""
    rows = call.sandbox.tenant.tables["invoice"].rows.values()
    return [_shown(row, cycle) for row in rows if (cycle := cycle_of(row)) is not None]


def show_invoice(call: Call) -> dict[str, Any]:
    """Return one invoice of a period, with its lines."""
    row = call.sandbox.tenant.tables["invoice"].rows.get(call.id)
    cycle = None if row is None else cycle_of(row)
    if row is None or cycle is None:
        raise ControlError(f"there is no invoice {call.id} of a period", 404)
    return _shown(row, cycle)


def make_invoices(call: Call) -> list[dict[str, Any]]:
    """Make invoices today, as a person does, and return them with their lines.

    Raises:
        ControlError: there is no such agreement, or ConnectWise refuses its next invoice.
    """
    wanted, tenant = call.read(InvoicesBody), call.sandbox.tenant
    chosen = _agreements(tenant) if wanted.agreement is None else [_get(tenant, wanted.agreement)]
    try:
        made = [row for each in chosen for row in _made(tenant, each, wanted)]
    except Refusal as refusal:
        problems = [f"{each.field}: {each.message}" for each in refusal.problems]
        raise ControlError("; ".join([str(refusal), *problems]), refusal.status) from None
    return [_shown(row, cycle) for row in made if (cycle := cycle_of(row)) is not None]


def _made(tenant: Tenant, agreement: Row, wanted: InvoicesBody) -> list[Row]:
    """Make the wanted invoices of one agreement. One that has ended is left out, unless the request names it."""
    if wanted.through is None:
        is_over = wanted.agreement is None and no_more_invoices(tenant, agreement) is not None
        return [] if is_over else [make_invoice(tenant, agreement)]
    made: list[Row] = []
    while next_cycle(tenant, agreement).first <= wanted.through and no_more_invoices(tenant, agreement) is None:
        made.append(make_invoice(tenant, agreement))
    return made


def _agreements(tenant: Tenant) -> list[Row]:
    return list(tenant.tables["agreement"].rows.values())


def _get(tenant: Tenant, agreement_id: int) -> Row:
    row = tenant.tables["agreement"].rows.get(agreement_id)
    if row is None:
        raise ControlError(f"there is no agreement {agreement_id}", 404)
    return row


def _agreement(call: Call, row: Row) -> dict[str, Any]:
    tenant, invoicing = call.sandbox.tenant, call.sandbox.invoicing
    due = invoicing.due_at(tenant, row)
    reason = no_more_invoices(tenant, row)
    return {
        "agreement": row.id,
        "name": row.data["name"],
        "routine": _routine(invoicing.routine_of(row)),
        "next": None if reason is not None else _period(next_cycle(tenant, row)),
        "due": None if due is None else due.date().isoformat(),
        "over": reason,
    }


def _routine(routine: Routine | None) -> dict[str, Any] | None:
    return None if routine is None else {"timing": routine.timing, "days": routine.days}


def _period(cycle: Cycle) -> dict[str, str]:
    return {"first": _text(cycle.first), "last": _text(cycle.following - timedelta(days=1))}


def _text(day: date) -> str:
    return day.isoformat()


def _shown(row: Row, cycle: Cycle) -> dict[str, Any]:
    data = row.data
    lines = lines_of(row)
    return {
        "id": row.id,
        "number": data["invoiceNumber"],
        "date": data["date"][:10],
        "agreement": data["agreement"]["id"],
        "period": _period(cycle),
        "total": str(data["total"]),
        "lines": lines,
        "made": data["_info"]["dateEntered"],
    }
