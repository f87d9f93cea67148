"""Explain what a customer is billed in a period: from the line on its agreement to the samples behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from pydantic_core import to_jsonable_python

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargeInputs, history_of
from reconciler.additions.coverage import MappingCharge
from reconciler.additions.ownership import owner_of, owner_of_rule
from reconciler.additions.views import AdditionView
from reconciler.closing.closed_charges import close_json
from reconciler.closing.corrections import sum_of_made
from reconciler.closing.hours import hour_json, pulls_json, unknown_hours
from reconciler.closing.json_values import Json, decimal_text, time_json
from reconciler.closing.month_lines import month_of
from reconciler.closing.rule_version import RuleVersion, version_of
from reconciler.closing.steps import steps_of
from reconciler.closing.to_explain import OwnRule, ToExplain
from reconciler.closing.values import RuleValue, version_values
from reconciler.closing.writes import hand_edits_json, writes_of_period
from reconciler.kinds.billing_rules import Rule
from reconciler.ledger.bill_records import BillRecord, VersionRecord
from reconciler.ledger.runs import WriteRecord
from reconciler.ledger.snapshot import Approval, Close
from reconciler.metering.monthly_report import report_of
from reconciler.metering.period import day_start

FORMAT_VERSION = 1


def explain(found: ToExplain) -> Json:
    """Return the explanation as JSON. Quantities and amounts are exact decimal text, times are UTC."""
    period, past = found.usage.period, found.past
    addresses = {each.live.id: each.address for each in found.lines.views if each.live is not None}
    charges = [*_charges(found)]
    edits = [(addresses[each.addition_id], each.seen_at, each.fields) for each in past.hand_edits]
    return {
        "format_version": FORMAT_VERSION,
        "workspace": found.workspace,
        "address": found.address,
        "customer": {"source": found.source, "id": found.customer_id, "name": found.name},
        "period": {
            "name": str(period),
            "start": time_json(period.start),
            "end": time_json(period.end),
            "timezone": found.inputs.settings.timezone,
            "running": found.at in period,
        },
        "currency": found.inputs.settings.currency,
        "made_at": time_json(found.at),
        "as_of": time_json(found.at if found.late is not None and _is_all_late(found) else found.inputs.now),
        "notes": list(found.notes),
        "coverage": list(found.coverage),
        "closes": [_close_json(each, found) for each in past.closes],
        "lines": [*_lines(found)],
        "adjustments": list(past.corrections),
        "month": _month_json(found, charges),
        "invoices": None if past.invoices is None else list(past.invoices),
        "charges": charges,
        "pulls": pulls_json(found.source, past.pulls),
        **({"reports": pulls_json(report_of(found.source), past.reports)} if past.reports else {}),
        "writes": writes_of_period(past.writes, past.runs, period.start, period.end, _of_one_month(past.writes)),
        "approvals": [_approval_json(each) for each in past.approvals],
        "hand_edits": hand_edits_json(edits),
    }


def _is_all_late(found: ToExplain) -> bool:
    """Return whether every charge of an ended month follows what comes late for it."""
    late = {} if found.late is None else found.late.charges
    return all((rule.name, rule.charge) in late for rule in found.inputs.rules)


def _lines(found: ToExplain) -> Iterator[Json]:
    lines, closed = found.lines, bool(found.past.closes) and not _is_left_open(found)
    for view in lines.views:
        live = view.live
        recorded = None if live is None else lines.recorded.get(live.id)
        yield {
            **to_jsonable_python(view.to_json()),
            **({"state": "closed", "why": _CLOSED} if closed and _bills_month(view, found) else {}),
            "text": lines.texts.get(view.address),
            "monthly": None if live is None else decimal_text(live.monthly),
            "sent": None if recorded is None else to_jsonable_python(dict(recorded.last_applied)) or None,
        }


def _of_one_month(writes: Iterable[WriteRecord]) -> set[str]:
    return {each.address for each in writes if month_of(each.address).month is not None}


def _close_json(close: Close, found: ToExplain) -> Json:
    """Return a close with what it left out: of the source, and the customer itself."""
    customer = f"{found.source}/{found.customer_id}"
    return {
        **close_json(close),
        "accepted": [asdict(each) for each in close.accepted if each.address == found.source],
        "left_open": next((asdict(each) for each in close.left_open if each.address == customer), None),
    }


_CLOSED = "its month is closed, so no plan changes it"


def _bills_month(view: AdditionView, found: ToExplain) -> bool:
    return view.live is not None and month_of(view.address) == (str(found.usage.period), 0)


def _is_left_open(found: ToExplain) -> bool:
    customer = f"{found.source}/{found.customer_id}"
    return any(each.address == customer for each in found.past.closes[-1].left_open)


def _charges(found: ToExplain) -> Iterator[Json]:
    """Yield what each charge of the customer's mappings bills, and how."""
    late = found.late
    for rule in found.inputs.rules:
        key, inputs, used = (rule.name, rule.charge), found.inputs, rule
        own = found.own.get(key)
        charges = (*found.usage.proposed, *found.usage.charges)
        charge = next((each for each in charges if owner_of(each).of_all_months == owner_of_rule(rule)), None)
        if late is not None and key in late.charges:
            charge, inputs = late.charges[key], late.inputs
            used = next(each for each in inputs.rules if (each.name, each.charge) == key)
        version = version_of([used], found.inputs.settings, found.inputs.exclusions)
        yield {
            "mapping": f"CustomerMapping/{rule.name}",
            "charge": rule.charge,
            "billed_by": used.lines,
            "rule": {
                **_rule_json(version if own is None else own.version, _values(found, key)),
                "holds": _holds(found, key),
                "in_use": _in_use(found.records.get(version.digest if own is None else own.version.digest)),
            },
            "frozen": _frozen_json(own),
            "before": _before_json(found.before.get(rule.charge)),
            **_charge_json(charge, used, inputs, found),
        }


def _month_json(found: ToExplain, charges: Sequence[Json]) -> Json | None:
    """Return what the month is billed by lines of its own, and what it is rated with. None without such lines.

    `due` is what a later adjustment bills or gives back. Null if the usage of a charge is not known.
    """
    period = str(found.usage.period)
    own = [each for each in charges if each["billed_by"] == "perPeriod"]
    if found.at in found.usage.period or not own:
        return None
    standing = [each.live for each in found.lines.views if month_of(each.address) == (period, 0)]
    lines = sum((each.monthly for each in standing if each is not None), Decimal(0))
    corrected = sum(sum_of_made(found.past.corrections, period), Decimal(0))
    amounts = [line["amount"] for each in own for line in each["lines"]]
    known = None not in amounts and all(each["lines"] for each in own)
    rated = sum((Decimal(each) for each in amounts), Decimal(0)) if known else None
    return {
        "lines": decimal_text(lines),
        "adjustments": decimal_text(corrected),
        "rated": decimal_text(rated),
        "due": None if rated is None else decimal_text(rated - lines - corrected),
    }


def _holds(found: ToExplain, key: MappingCharge) -> Json:
    """Return why a rule holds for the month: a close froze it, a run used it last, or the manifests have it."""
    own = found.own.get(key)
    if own is None:
        return {"from": "manifests", "at": time_json(found.at), "by": None}
    closed = own.closed
    return {
        "from": "run" if closed is None else "close",
        "at": time_json(own.used_at),
        "by": None if closed is None else closed.close.closed_by,
    }


def _values(found: ToExplain, key: MappingCharge) -> Iterable[RuleValue]:
    """Return where the values of a rule come from: the documents, or the ledger if they have others by now."""
    own = found.own.get(key)
    if key[0] in found.values or own is None:
        return found.values.get(key[0], ())
    origin = "the last run" if own.closed is None else "the close"
    return version_values(own.version, key[1], f"{origin} of {found.usage.period}")


def _in_use(record: VersionRecord | None) -> Json | None:
    """Return since when a version of a rule is in use. None if no run has used it yet."""
    return None if record is None else {"since": time_json(record.first_used_at), "commit": record.git_commit}


def _before_json(bill: BillRecord | None) -> Json | None:
    """Return what a charge was billed in the month before. None if the ledger has no bill of it."""
    if bill is None:
        return None
    amounts = [None if line["amount"] is None else Decimal(line["amount"]) for line in bill.lines]
    known = [each for each in amounts if each is not None]
    amount = sum(known, Decimal(0)) if len(known) == len(amounts) else None
    return {"lines": [dict(line) for line in bill.lines], "amount": decimal_text(amount)}


def _frozen_json(own: OwnRule | None) -> Json | None:
    """Return what a close froze of a charge. None without a close."""
    if own is None or own.closed is None:
        return None
    names = ("version", "as_of", "quantity", "unit", "amount", "rated")
    return {name: own.closed.content.get(name) for name in names}


def _rule_json(version: RuleVersion, values: Iterable[RuleValue]) -> Json:
    return {
        "digest": version.digest,
        "values": [each.to_json() for each in values],
        "exclusions": [
            {
                "name": f"Exclusion/{each.name}",
                "device": each.device_id,
                "reason": each.reason,
                "until": None if each.until is None else each.until.isoformat(),
            }
            for each in version.exclusions
        ],
    }


def _charge_json(charge: Charge | None, rule: Rule, inputs: ChargeInputs, found: ToExplain) -> Json:
    """Return the steps and the hours of a charge. `charge` is None if an exclusion covers the customer."""
    if charge is None:
        return {"state": "excluded", "why": "an exclusion covers the customer", "steps": [], "lines": [], "hours": None}
    currency = found.inputs.settings.currency
    return {
        "state": charge.state,
        "why": charge.detail,
        "steps": [each.to_json() for each in steps_of(charge, rule, currency)],
        "lines": [
            {
                "product": each.product if isinstance(each.product, str) else each.product.model_dump(),
                "quantity": decimal_text(each.quantity),
                "unit": rule.unit,
                "unit_price": decimal_text(each.unit_price),
                "amount": decimal_text(each.amount),
            }
            for each in charge.lines
        ],
        "hours": _hours_json(charge, rule, inputs, found),
    }


def _hours_json(charge: Charge, rule: Rule, inputs: ChargeInputs, found: ToExplain) -> Json | None:
    history = history_of(inputs, rule.source, rule.meter, found.usage.period)
    if history is None:
        return None
    start = _start_of(rule, found)
    known = history.hours(rule.customer_id, start)
    reported = rule.meter.reported  # it has no figure of each hour
    unknown = [] if reported else unknown_hours(history, rule.customer_id, known, found.past.pulls, start)
    measured = charge.measured
    return {
        **({"reported": True} if reported else {}),
        "what": "bytes" if rule.unit else "counted",
        "from": time_json(start),
        "measure": rule.measure,
        "known": len(known),
        "unknown": [each.to_json() for each in unknown],
        "chosen": [] if measured is None or not measured.known_hours else [hour_json(each) for each in measured.chosen],
    }


def _start_of(rule: Rule, found: ToExplain) -> datetime:
    start = found.usage.period.start
    return start if rule.start is None else max(start, day_start(rule.start, found.inputs.settings.timezone))


def _approval_json(approval: Approval) -> Json:
    return {
        "guardrail": approval.guardrail,
        "address": approval.address,
        "given_by": approval.given_by,
        "given_at": time_json(approval.given_at),
    }
