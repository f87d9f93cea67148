"""Make a messy estate: a console and a tenant, and the truth of who is who."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Final

from reconciler.sandbox.connectwise.rules.agreements import MOVED
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.setup import new_tenant
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.cove.data.population import FIRST_CUSTOMER_ID
from reconciler.sandbox.cove.data.world import World
from reconciler.sandbox.messy.bystanders import add_bystanders
from reconciler.sandbox.messy.cases import deal
from reconciler.sandbox.messy.chances import chance, pick
from reconciler.sandbox.messy.console import add_tree
from reconciler.sandbox.messy.firms import Firms
from reconciler.sandbox.messy.oddities import ODD
from reconciler.sandbox.messy.playing import Table
from reconciler.sandbox.messy.setup import LONG_AGO, retire_setup, set_up
from reconciler.sandbox.messy.truth import Truth
from reconciler.sandbox.messy.work import Work
from reconciler.sandbox.shared.clock import Clock

POPULATION: Final = "messy"
"""The name of this population."""
_TWO_MONTHS: Final = 62
"""In days."""


def make(seed: int, customers: int, clock: Clock) -> tuple[Tenant, World, Truth]:
    """Return a tenant on a clock, the data of a console with that number of customers, and the truth of both.

    The tenant is filled by its own checked writes, each one at the time of its entry. Then it is given the clock.
    """
    with _no_collection():
        return _make(seed, customers, clock)


def _make(seed: int, customers: int, clock: Clock) -> tuple[Tenant, World, Truth]:
    now = clock.now().replace(microsecond=0)
    world = World(seed, 0, now)
    world.next_ids["customer"] = FIRST_CUSTOMER_ID + customers
    tenant = new_tenant(Clock(now - timedelta(days=LONG_AGO + 1)))
    work = Work(seed, now, tenant, world, Firms(seed))
    add_tree(work)
    odd_names = work.dice("odd names").sample(ODD, len(ODD))
    table = Table(work, set_up(work), [], odd_names)
    deal(table, customers)
    add_bystanders(work, table.setup, customers, odd_names)
    retire_setup(work)
    dice = work.dice("invoices")
    for agreement in work.live:
        _invoice(work, dice, agreement)
    tenant.clock = clock
    tenant.update_statuses()
    return tenant, world, Truth(POPULATION, seed, table.truths)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Switch Python's garbage collection off. It would take a third of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _invoice(work: Work, dice: Random, agreement: Row) -> None:
    """Mark an agreement as invoiced until a random day, mostly in the running month.

    The invoices of earlier months are not kept. Only some agreements have their last one.
    """
    first = work.first_of_month(0)
    monthly = agreement.data["billingCycle"]["name"] == "Monthly"
    if not monthly or work.ago(agreement.data["startDate"]) <= first + _TWO_MONTHS or chance(dice, 150):
        return
    following = {
        "this month": work.first_of_month(first - 31),
        "last month": first,
        "the month before": work.first_of_month(first + 1),
    }
    invoiced = pick(dice, {"this month": 60, "last month": 33, "the month before": 7})
    with_invoice = invoiced == "this month" and chance(dice, 250)
    agreement.data["nextInvoiceDate"] = work.day(first if with_invoice else following[invoiced])
    agreement.secrets[MOVED] = True
    if with_invoice:
        body = {"type": "Agreement", "company": agreement.data["company"], "agreement": {"id": agreement.id}}
        work.enter("invoice", body, dice, days_ago=first)
