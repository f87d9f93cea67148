"""Whether an agreement can be billed now, and from which day a new line of it bills."""

from __future__ import annotations

from collections.abc import Mapping
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
"""The billing option of a cycle of one calendar month, and the name that such a cycle has by default [spec]."""

BillingCycles = Mapping[str | int, str]
"""The billing option of each billing cycle, by its name and by its id."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What billing looks at of an agreement, live or declared. Days are text, `2026-11-01`."""

    name: str
    start: str | None = None
    end: str | None = None
    status: str | None = None
    currency: str | None = None
    company_id: int | None = None
    company: str = ""
    cycle: str | None = None
    """The billing option of its cycle: `Monthly`, `Quarterly`…; None where it is not known."""
    cycle_name: str | None = None
    prorates: bool = False
    bill_start: str | None = None
    next_invoice: str | None = None
    """First day that no invoice covers yet."""


@dataclass(frozen=True, slots=True)
class FirstDay:
    """The first day of a new line, and what keeps it from beginning earlier."""

    day: str
    because: str = ""
    """In words, where the agreement lets it begin later than usage does; empty where it does not."""


def agreement_of(link: Link, manifests: Manifests, live_state: LiveState, cycles: BillingCycles) -> Agreement:
    """The agreement behind a link."""
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
    """Whether the billing option of an agreement's cycle has to be looked up: its name does not say it."""
    live = (obj.raw.get("billingCycle") for (of, _), obj in live_state.objects.items() if of == "Agreement")
    specs = (each.spec for each in manifests.of(AgreementSpec))
    names = [*(str(cycle.get("name") or "") for cycle in live if cycle), *(spec.billing_cycle for spec in specs)]
    return any(name is not None and _key(name) != _key(MONTHLY) for name in names)


def _cycle(number: int | None, name: str | None, cycles: BillingCycles) -> str | None:
    """By its name. An answer that names it by its id alone [guess] is looked up by that."""
    if name is None:
        return None if number is None else cycles.get(number)
    found = {_key(known): option for known, option in cycles.items() if isinstance(known, str)}
    return found.get(_key(name), MONTHLY if _key(name) == _key(MONTHLY) else None)


def _key(name: str) -> str:
    return name.strip().casefold()


def check_billable(agreement: Agreement, company: Link, today: str, currency: str | None) -> None:
    """Raises `RefusalError` with the reason why nothing can be billed on the agreement today."""
    what = f"agreement {agreement.name}"
    if agreement.company_id not in (None, company.id):
        raise RefusalError(f"{what} belongs to company {agreement.company}, not to {company.name}")
    if agreement.start is not None and agreement.start > today:
        raise RefusalError(f"{what} starts on {agreement.start}")
    if agreement.end is not None and agreement.end < today:
        raise RefusalError(f"{what} ended on {agreement.end}")
    if agreement.status not in (None, "Active"):
        raise RefusalError(f"{what} is {agreement.status}, not Active")
    if currency is not None and agreement.currency is not None and agreement.currency != currency:
        raise RefusalError(f"{what} is in {agreement.currency}, the workspace bills in {currency}")
    if agreement.cycle is not None and agreement.cycle != MONTHLY:
        raise RefusalError(
            f"{what} has the billing cycle {agreement.cycle_name}, which is not one calendar month; "
            "usage is billed by calendar months only"
        )


def first_day_of(agreement: Agreement, period: Period, start: date | None) -> FirstDay:
    """The first day of a line that is made now (BILLING, Effective date).

    ConnectWise refuses a line that begins before `billStartDate`, and, where the agreement does not prorate, one that
    begins in a period that is invoiced already [docs].
    """
    own = max(period.first_day.isoformat(), "" if start is None else start.isoformat(), agreement.start or "")
    day = max(own, agreement.bill_start or "")
    because = "" if day == own else f"agreement {agreement.name} bills from {agreement.bill_start} on"
    invoiced = agreement.next_invoice
    if not agreement.prorates and invoiced is not None and day < invoiced:
        last = date.fromisoformat(invoiced) - timedelta(days=1)
        return FirstDay(invoiced, f"agreement {agreement.name} is invoiced through {last} and does not prorate")
    return FirstDay(day, because)
