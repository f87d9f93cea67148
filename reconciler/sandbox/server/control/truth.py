"""The control that tells who is who in a messy estate, so that an import can be scored."""

from __future__ import annotations

from reconciler.sandbox.messy.truth import Customer, Truth
from reconciler.sandbox.server.control.bodies import ControlError
from reconciler.sandbox.server.control.call import Call


def show_truth(call: Call) -> Truth:
    """Return the truth of all customers, as it was when the estate was made."""
    truth = call.sandbox.truth
    if truth is None:
        raise ControlError("only a messy estate has a truth: start the sandbox with --population messy", 404)
    return truth


def show_customer(call: Call) -> Customer:
    """Return the truth of one customer of the console, by its id there."""
    for customer in show_truth(call).customers:
        if customer.customer == call.id:
            return customer
    raise ControlError(f"the truth names no customer {call.id}", 404)
