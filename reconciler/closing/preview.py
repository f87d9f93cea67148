"""Preview the next invoice of each agreement: from its additions as they stand, and as the next plan leaves them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from reconciler.closing.invoice import Invoiced, NextInvoice, amount_on, cycle_of, next_invoice, own_amount
from reconciler.closing.json_values import Json, decimal_text, time_json
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.money import monthly_amount
from reconciler.kinds.values import plain_text
from reconciler.planning.action import Action

FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class AgreementFacts:
    """What manifests say of an agreement in ConnectWise."""

    address: str | None = None
    """Its address, if a document declares it."""
    invoiced: Invoiced = "advance"


@dataclass(frozen=True, slots=True)
class ToPreview:
    """Everything that a preview is made from. All of it was read before."""

    workspace: str
    at: datetime
    today: date
    """In the billing time zone."""
    currency: str | None
    live_state: LiveState
    complete: Collection[int]
    """The ids of the agreements of which every addition was read. Of the others, only ours were."""
    facts: Mapping[int, AgreementFacts]
    """By id of an agreement."""
    ours: Mapping[int, str]
    """By id of an addition of ours: its address."""
    actions: Sequence[Action]
    """What the next plan changes of additions."""
    held: Mapping[str, str]
    """By address of an addition that the next plan leaves as it stands: why."""
    pending: Sequence[Action] = ()
    """Additions that the next plan would create, and that wait for an approval: adjustments, for example."""
    unbilled: Mapping[int, Sequence[tuple[str, str]]] = field(default_factory=dict)
    """By id of an agreement: the mappings that no line bills in full, each with the reason."""
    only: Collection[int] | None = None
    """The ids of the agreements to preview. None: all."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One addition as it stands, and as the next plan leaves it. None: it does not exist then."""

    number: int | None
    address: str | None
    product: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Return its address, or its id if it is not ours."""
        return self.address or f"addition id {self.number}"


def preview(found: ToPreview) -> Json:
    """Return the next invoices as JSON, sorted by the name of the agreement. Amounts are exact decimal text."""
    agreements = sorted(_agreements(found), key=lambda each: (str(each["name"]).casefold(), each["id"]))
    totals: dict[str, dict[str, Decimal]] = {}
    for each in agreements:
        total = totals.setdefault(each["currency"] or "", {"stands": Decimal(0), "after_plan": Decimal(0)})
        for name in total:
            total[name] += Decimal(each[name] or 0)
    return {
        "format_version": FORMAT_VERSION,
        "workspace": found.workspace,
        "made_at": time_json(found.at),
        "agreements": agreements,
        "totals": [
            {"currency": currency or None, **{name: decimal_text(value) for name, value in total.items()}}
            for currency, total in totals.items()
        ],
        "uncertain": sum(bool(each["uncertain"]) for each in agreements),
    }


def _agreements(found: ToPreview) -> Iterator[Json]:
    lines = _lines(found)
    for (kind, number), obj in found.live_state.objects.items():
        if kind == "Agreement" and (found.only is None or number in found.only):
            yield _agreement(obj, lines.get(number, ()), found)


def _lines(found: ToPreview) -> Mapping[int, Sequence[_Line]]:
    """Return the lines of each agreement, by its id: those that stand, and those that the next plan creates."""
    changed = {each.id: each for each in found.actions if each.id is not None}
    lines: defaultdict[int, list[_Line]] = defaultdict(list)
    for agreement_id, additions in found.live_state.additions.items():
        for obj in sorted(additions, key=lambda each: each.id):
            action = changed.get(obj.id)
            after = obj.raw if action is None else {**obj.raw, **_after(action)}
            lines[agreement_id].append(_Line(obj.id, found.ours.get(obj.id), _product(obj.raw), obj.raw, after))
    for action in found.actions:
        after = _after(action)
        agreement = after.get("agreement") or {}
        if action.id is None and agreement.get("id") is not None:
            product = str((after.get("product") or {}).get("name") or "")
            lines[agreement["id"]].append(_Line(None, action.address, product, None, after))
    return lines


def _after(action: Action) -> dict[str, Any]:
    return {change.path: change.after for change in action.changes}


def _product(raw: Mapping[str, Any]) -> str:
    product = raw.get("product") or {}
    return str(product.get("identifier") or f"id {product.get('id')}")


def _agreement(obj: LiveObject, lines: Sequence[_Line], found: ToPreview) -> Json:
    raw, facts = obj.raw, found.facts.get(obj.id, AgreementFacts())
    invoice = next_invoice(raw, facts.invoiced)
    currency = plain_text((raw.get("currency") or {}).get("currencyCode") or "") or found.currency
    prorates = bool(raw.get("prorateFlag"))
    found_rows = () if invoice is None else (_row(each, invoice, currency, prorates=prorates) for each in lines)
    rows = [row for row in found_rows if row is not None]
    own = own_amount(raw) if invoice is not None else Decimal(0)
    uncertain = [*_uncertain(raw, lines, invoice, obj.id in found.complete, found)]
    return {
        "id": obj.id,
        "name": str(raw.get("name") or f"id {obj.id}"),
        "address": facts.address,
        "company": (raw.get("company") or {}).get("identifier"),
        "currency": currency,
        "invoice": None if invoice is None else _invoice_json(invoice, found.today),
        "own": decimal_text(own),
        "lines": rows,
        "follow_usage": sum(each["address"] is not None for each in rows),
        "stands": decimal_text(
            own + sum((Decimal(each["stands"]["amount"]) for each in rows if each["stands"]), Decimal(0))
        ),
        "after_plan": decimal_text(own + sum((Decimal(each["after_plan"]["amount"]) for each in rows), Decimal(0))),
        "waits": [
            *_waits(lines, invoice, currency),
            *_pending(obj.id, found.pending, currency),
            *_unbilled(found.unbilled.get(obj.id, ())),
        ],
        "uncertain": uncertain,
    }


def _waits(lines: Iterable[_Line], invoice: NextInvoice | None, currency: str | None) -> Iterator[Json]:
    """Yield the lines that only a later invoice takes, as the next plan leaves them."""
    for each in lines:
        if invoice is not None and invoice.precedes(each.after):
            begins = f"begins on {date_text(each.after['effectiveDate'])}"
            yield {"what": each.name, "why": begins, "amount": decimal_text(monthly_amount(each.after, currency))}


def _pending(agreement_id: int, actions: Iterable[Action], currency: str | None) -> Iterator[Json]:
    """Yield the additions of an agreement that wait for an approval, as they would bill once."""
    for each in actions:
        after = _after(each)
        if (after.get("agreement") or {}).get("id") == agreement_id:
            amount = monthly_amount(after, currency)
            yield {"what": each.address, "why": f"needs an approval: {each.reason}", "amount": decimal_text(amount)}


def _unbilled(mappings: Iterable[tuple[str, str]]) -> Iterator[Json]:
    for address, reason in mappings:
        yield {"what": address, "why": reason, "amount": None}


def _invoice_json(invoice: NextInvoice, today: date) -> Json:
    made, day = invoice.made()
    return {
        "from": invoice.first_day.isoformat(),
        "to": None if invoice.last_day is None else invoice.last_day.isoformat(),
        "invoiced": invoice.invoiced,
        "made": made,
        "on": None if day is None else day.isoformat(),
        "due": day is not None and (day < today or (made == "by" and day == today)),
    }


def _row(line: _Line, invoice: NextInvoice, currency: str | None, *, prorates: bool) -> Json | None:
    """Return a line of an invoice. None if it takes the addition neither as it stands nor after the plan."""
    takes_before = line.before is not None and invoice.takes(line.before)
    if not takes_before and not invoice.takes(line.after):
        return None
    return {
        "id": line.number,
        "address": line.address,
        "product": line.product,
        "stands": _fields(line.before, invoice, currency, prorates=prorates)
        if takes_before and line.before is not None
        else None,
        "after_plan": _fields(line.after, invoice, currency, prorates=prorates),
        "from": date_text(line.after.get("effectiveDate")),
        "to": date_text(line.after.get("cancelledDate")),
    }


def _fields(fields: Mapping[str, Any], invoice: NextInvoice, currency: str | None, *, prorates: bool) -> Json:
    def text(name: str) -> str | None:
        value = fields.get(name)
        return None if value is None else decimal_text(Decimal(value))

    return {
        "quantity": text("quantity"),
        "included": text("lessIncluded"),
        "unit_price": text("unitPrice"),
        "amount": decimal_text(amount_on(invoice, fields, currency, prorates=prorates)),
    }


def _uncertain(
    raw: Mapping[str, Any], lines: Sequence[_Line], invoice: NextInvoice | None, complete: bool, found: ToPreview
) -> Iterator[str]:
    """Yield what is not known of an invoice, each as a sentence."""
    if invoice is None:
        no_date = date_text(raw.get("nextInvoiceDate")) is None
        status = str(raw.get("agreementStatus") or "over")
        yield (
            "ConnectWise gives no date of its next invoice"
            if no_date
            else f"the agreement is {status}: no invoice follows"
        )
        return
    if invoice.last_day is None:
        yield f"the billing cycle {cycle_of(raw)} is not a number of months, so its last day is not known"
    made, day = invoice.made()
    if day is not None and day < found.today:
        yield f"the invoice is late: it was to be made {made} {day.isoformat()}"
    if not complete:
        yield "no document declares the agreement, so only our lines were read: it may bill more"
    for each in lines:
        if not invoice.takes(each.after):
            continue
        name = each.name
        if each.after.get("unitPrice") is None:
            yield f"{name} has no unit price, and counts 0"
        if raw.get("prorateFlag") and invoice.takes_a_part(each.after):
            share = invoice.share_of(each.after)
            yield f"ConnectWise prorates {name}: {share.numerator}/{share.denominator} of its amount are shown"
        if each.address in found.held:
            yield f"{name} stays as it stands: {found.held[str(each.address)]}"
