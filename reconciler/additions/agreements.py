"""Check whether an agreement can be billed now, and find the first day of a new addition."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from reconciler.additions.refusal import RefusalError
from reconciler.kinds.agreement import AgreementSpec
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link, plain_text
from reconciler.manifests.documents import Manifests
from reconciler.metering.period import Period

MONTHLY = "Monthly"
"""The billing option of a cycle of one calendar month. It is also the default name of that cycle [spec]."""

BillingCycles = Mapping[str | int, str]
"""The billing option of each billing cycle, by the name and by the id of the cycle."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The fields of a live or declared agreement that billing needs. Days are text, such as `2026-11-01`."""

    name: str
    start: str | None = None
    end: str | None = None
    status: str | None = None
    currency: str | None = None
    company_id: int | None = None
    company: str = ""
    cycle: str | None = None
    """The billing option of its cycle, such as `Monthly` or `Quarterly`. None if unknown."""
    cycle_name: str | None = None
    prorates: bool = False
    bill_start: str | None = None
    next_invoice: str | None = None
    """The first day that no invoice covers yet."""


@dataclass(frozen=True, slots=True)
class FirstDay:
    """The first day of a new addition."""

    day: str
    late_reason: str = ""
    """Why the addition begins later than the usage. Empty if it does not."""


def agreement_of(link: Link, manifests: Manifests, live_state: LiveState, cycles: BillingCycles) -> Agreement:
    """Return the agreement that a link refers to: the live one, or the declared one if it does not exist yet."""
    if link.id is None:
        spec = manifests.get(AgreementSpec, str(link.address)).spec
        name = spec.billing_cycle
        return Agreement(
            name=link.name,
            start=spec.start_date.isoformat(),
            end=None if spec.end_date is None else spec.end_date.isoformat(),
            cycle=_cycle(None, name, cycles),
            cycle_name=name,
            prorates=bool(spec.prorate),
        )
    live = live_state.objects["Agreement", link.id].raw
    owner = live.get("company") or {}
    cycle = live.get("billingCycle") or {}
    cycle_name = cycle.get("name")
    return Agreement(
        name=link.name,
        start=date_text(live.get("startDate")),
        end=None if live.get("noEndingDateFlag") else date_text(live.get("endDate")),
        status=live.get("agreementStatus"),
        currency=plain_text((live.get("currency") or {}).get("currencyCode") or ""),
        company_id=owner.get("id"),
        company=str(owner.get("identifier") or owner.get("id") or ""),
        cycle=_cycle(cycle.get("id"), cycle_name, cycles),
        cycle_name=cycle_name or f"id {cycle.get('id')}",
        prorates=bool(live.get("prorateFlag")),
        bill_start=date_text(live.get("billStartDate")),
        next_invoice=date_text(live.get("nextInvoiceDate")),
    )


def has_unusual_cycle(live_state: LiveState, manifests: Manifests) -> bool:
    """Return whether an agreement has a billing cycle whose name is not `Monthly`, so that it must be looked up."""
    live = (obj.raw.get("billingCycle") for (of, _), obj in live_state.objects.items() if of == "Agreement")
    specs = (each.spec for each in manifests.of(AgreementSpec))
    names = [*(str(cycle.get("name") or "") for cycle in live if cycle), *(spec.billing_cycle for spec in specs)]
    return any(name is not None and _key(name) != _key(MONTHLY) for name in names)


def _cycle(number: int | None, name: str | None, cycles: BillingCycles) -> str | None:
    """Return the billing option of a cycle by its name, or by its id if the response has no name [guess]."""
    if name is None:
        return None if number is None else cycles.get(number)
    found = {_key(known): option for known, option in cycles.items() if isinstance(known, str)}
    return found.get(_key(name), MONTHLY if _key(name) == _key(MONTHLY) else None)


def _key(name: str) -> str:
    return name.strip().casefold()


def check_billable(
    agreement: Agreement, company: Link, today: str, currency: str | None, *, may_be: Collection[str] = ("Active",)
) -> None:
    """Raise `RefusalError` with the reason if the agreement cannot be billed today.

    `today` is in the billing time zone, as `2026-11-27`. `may_be` has the values of `agreementStatus` that are billed.
    """
    what = f"agreement {agreement.name}"
    if agreement.company_id not in (None, company.id):
        raise RefusalError(f"{what} belongs to company {agreement.company}, not to {company.name}")
    if agreement.start is not None and agreement.start > today:
        raise RefusalError(f"{what} starts on {agreement.start}")
    if agreement.end is not None and agreement.end < today:
        raise RefusalError(f"{what} ended on {agreement.end}")
    if agreement.status is not None and agreement.status not in may_be:
        raise RefusalError(f"{what} is {agreement.status}, not Active")
    if currency is not None and agreement.currency is not None and agreement.currency != currency:
        raise RefusalError(f"{what} is in {agreement.currency}, but the workspace bills in {currency}")
    if agreement.cycle is not None and agreement.cycle != MONTHLY:
        raise RefusalError(
            f"{what} has the billing cycle {agreement.cycle_name}, which is not one calendar month; "
            "usage is billed by calendar months only"
        )


def first_day_of(agreement: Agreement, period: Period, start: date | None) -> FirstDay:
    """Return the first day of an addition that is created now (BILLING, Effective date).

    `start` is that of the mapping. ConnectWise refuses an addition that begins before `billStartDate`. If the agreement
    does not prorate, it also refuses one that begins in a period that is already invoiced [docs].
    """
    usage_starts = max(period.first_day.isoformat(), "" if start is None else start.isoformat(), agreement.start or "")
    day = max(usage_starts, agreement.bill_start or "")
    reason = "" if day == usage_starts else f"agreement {agreement.name} bills from {agreement.bill_start} on"
    invoiced = agreement.next_invoice
    if not agreement.prorates and invoiced is not None and day < invoiced:
        through = day_before(invoiced)
        return FirstDay(invoiced, f"agreement {agreement.name} is invoiced through {through} and does not prorate")
    return FirstDay(day, reason)


def last_day_of(end: date, next_invoice: str | None) -> str:
    """Return the last day of the additions of a mapping that ends on `end`: the last day of that month.

    If the agreement is invoiced for longer, it is the last invoiced day, because no plan changes an invoice.
    """
    month_end = (end.replace(day=1) + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return max(month_end.isoformat(), day_before(next_invoice) if next_invoice is not None else "")


def day_before(day: str) -> str:
    """Return the day before a day, as text such as `2026-11-30`."""
    return (date.fromisoformat(day) - timedelta(days=1)).isoformat()


def next_invoice_of(agreement_id: int, live_state: LiveState) -> str | None:
    """Return the first day that no invoice of a live agreement covers. None if it is unknown."""
    live = live_state.objects.get(("Agreement", agreement_id))
    return None if live is None else date_text(live.raw.get("nextInvoiceDate"))
