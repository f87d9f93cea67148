"""The customers of the usage sources, with their usage and contact details, for an import."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from reconciler.importing.matching.model import Address, Customer
from reconciler.kinds.billing_rules import BYTES_OF
from reconciler.ledger.records import Pull
from reconciler.metering.sources.profile import Profile

Profiles = Mapping[str, Mapping[str, Profile]]
"""By source and customer id."""


@dataclass(frozen=True, slots=True)
class Usage:
    """The customers of all sources with their usage, and the sources that could not be read."""

    customers: tuple[Customer, ...] = ()
    unread: tuple[tuple[str, str], ...] = ()
    """(source, why it could not be read). Nothing is proposed for its customers."""


def usage_of(pulls: Iterable[Pull], units: Mapping[str, str], profiles: Profiles) -> Usage:
    """Return the customers of the pulls. `units` has the unit of each source."""
    customers: list[Customer] = []
    unread: list[tuple[str, str]] = []
    for pull in sorted(pulls, key=lambda each: each.source):
        if pull.state == "failed":
            unread.append((pull.source, pull.error or "the pull failed"))
            continue
        used = _bytes_by_customer(pull)
        known = profiles.get(pull.source, {})
        unit = units[pull.source]
        for each in sorted(pull.customers, key=lambda each: each.id):
            figure = used.get(each.id)
            quantity = None if figure is None else Decimal(figure) / BYTES_OF[unit]
            customer = Customer(
                each.source,
                each.id,
                each.name,
                quantity=quantity,
                unit=unit,
                attributed=each.attributed,
                state=each.state,
            )
            customers.append(_with_profile(customer, known.get(each.id)))
    return Usage(tuple(customers), tuple(unread))


def _bytes_by_customer(pull: Pull) -> dict[str, int]:
    """Return the bytes of each customer with a figure. A customer without any has no entry, which is not 0."""
    found: dict[str, int] = {}
    for sample in pull.samples:
        if sample.bytes is not None:
            found[sample.customer_id] = found.get(sample.customer_id, 0) + sample.bytes
    return found


def _with_profile(customer: Customer, profile: Profile | None) -> Customer:
    if profile is None:
        return customer
    return Customer(
        customer.source,
        customer.id,
        customer.name,
        emails=tuple(filter(None, [profile.email])),
        domains=tuple(filter(None, [profile.website])),
        address=Address(profile.street, profile.zip, profile.city),
        external_codes=tuple(filter(None, [profile.external_code])),
        quantity=customer.quantity,
        unit=customer.unit,
        attributed=customer.attributed,
        state=customer.state,
    )
