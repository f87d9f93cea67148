"""Show an explanation on the terminal, from the line to the samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from reconciler.amounts import amount_text, figure_text
from reconciler.rendering.counts import numbered
from reconciler.rendering.explanation_month import (
    before_text,
    close_lines,
    corrections_lines,
    frozen_text,
    holds_text,
    in_use_text,
    invoices_lines,
    money_text,
    span_text,
)
from reconciler.rendering.paint import Paint, safe, shown
from reconciler.rendering.tables import WIDTH, Column, table
from reconciler.rendering.times import time_text

Json = Mapping[str, Any]

_MOST_HOURS = 5
"""The most chosen hours whose devices are shown. The JSON and the HTML have all of them."""
_OF_MONEY = ("price", "amount", "total")
"""The steps of the rating whose figure is money."""
_MOST_WRITES = 10
"""The most writes that are shown, the newest ones."""


def explanation_text(found: Json, paint: Paint, width: int = WIDTH) -> Iterator[str]:
    """Yield the lines of an explanation. `found` is what `usage explain --json` prints."""
    yield f"{paint(heading(found), 'bold')}  {paint(scope_text(found), 'dim')}"
    for note in found["notes"]:
        yield paint(f"note: {safe(note)}.", "yellow")
    for close in found["closes"]:
        for text in close_lines(close):
            yield paint(text, "bold")
    for row in found["coverage"]:
        yield f"{paint(row['state'], 'bold' if row['accounted'] else 'red')}  {safe(row['detail'])}".rstrip()
    for line in found["lines"]:
        yield ""
        yield from _line(line, found["currency"], paint)
    for charge in found["charges"]:
        yield ""
        yield from _charge(charge, paint, width, found=found)
    yield ""
    for part in (corrections_lines(found, paint), invoices_lines(found, paint)):
        if lines := [*part]:
            yield from (*lines, "")
    yield from _pulls(found["pulls"], paint)
    if "reports" in found:
        yield from _pulls(found["reports"], paint)
    yield from _writes(found["writes"], paint)
    yield from _people(found, paint)


def heading(found: Json) -> str:
    """Return the customer, with the address that was asked for."""
    customer = found["customer"]
    source = f"{customer['source']}/{customer['id']}"
    name = "" if customer["name"] == customer["id"] else f", {customer['name']}"
    asked = found["address"]
    return safe(f"{asked}{name}" if asked == source else f"{asked} of {source}{name}")


def scope_text(found: Json) -> str:
    """Return the month, its zone and the moment that the figures are of."""
    period = found["period"]
    state = ", running" if period["running"] else ""
    return f"{period['name']}{state} ({period['timezone']}), as of {time_text(found['as_of'])}"


def line_facts(line: Json, currency: str | None) -> Iterator[tuple[str, str]]:
    """Yield what is known of a line: (name, text)."""
    live, sent = line["live"], line["sent"]
    if line["text"]:
        yield "text", safe(line["text"])
    if live is None:
        yield "stands now", "not in ConnectWise yet"
    else:
        amount = money_text(line["monthly"], currency)
        yield "stands now", f"{_product_of(live['fields'], currency)} = {amount} {span_text(line['address'])}"
        yield "dates", _dates(live["fields"])
        yield "id", f"{live['id']} on agreement {live['agreement']}, last updated {live['last_updated'] or 'unknown'}"
    if sent:
        yield "sent", _product_of(sent, currency)
    yield "next plan", safe(f"{line['state']}: {line['why']}")


def _line(line: Json, currency: str | None, paint: Paint) -> Iterator[str]:
    yield paint(safe(f"Line {line['address']}"), "bold")
    yield from _facts(line_facts(line, currency))


def _facts(facts: Iterator[tuple[str, str]] | Sequence[tuple[str, str]]) -> Iterator[str]:
    every = list(facts)
    longest = max((len(name) for name, _ in every), default=0)
    for name, text in every:
        yield f"    {name.ljust(longest)}  {text}"


def _product_of(fields: Json, currency: str | None) -> str:
    price = fields.get("unitPrice")
    quantity = fields.get("quantity")
    shown_price = "unknown price" if price is None else amount_text(Decimal(price), currency)
    included = Decimal(fields.get("lessIncluded") or 0)
    less = f" less {included:f} included" if included else ""
    return f"{quantity if quantity is not None else 'unknown'}{less} × {shown_price}"


def _dates(fields: Json) -> str:
    first, last = fields.get("effectiveDate"), fields.get("cancelledDate")
    return f"from {str(first)[:10] if first else 'the start'}{f' to {str(last)[:10]}' if last else ', without an end'}"


def has_several(found: Json) -> bool:
    """Return whether a mapping of an explanation has several charges."""
    mappings = [each["mapping"] for each in found["charges"]]
    return len(set(mappings)) < len(mappings)


def rule_name(charge: Json, *, several: bool) -> str:
    """Return the name of a rule: its mapping, with the charge if a mapping has several."""
    return f"{charge['mapping']}, charge {charge['charge']}" if several else str(charge["mapping"])


def _charge(charge: Json, paint: Paint, width: int, *, found: Json) -> Iterator[str]:
    rule, period = charge["rule"], found["period"]["name"]
    name = rule_name(charge, several=has_several(found))
    yield f"{paint(safe(f'Rule {name}'), 'bold')}  {paint(rule['digest'], 'dim')}"
    for text in (holds_text(charge, period), in_use_text(charge)):
        if text:
            yield f"    {text}"
    columns: Sequence[Column] = (("value", "whole"), ("", "left"), ("from", "left"))
    if rule["values"]:
        yield from table(
            columns, [[each["name"], value_text(each["value"]), each["origin"]] for each in rule["values"]], width
        )
    for each in rule["exclusions"]:
        yield f"    {safe(exclusion_text(each))}"
    yield ""
    yield f"{paint('Rating', 'bold')}  {safe(state_text(charge))}"
    steps: Sequence[Column] = (("step", "whole"), ("figure", "right"), ("unit", "whole"), ("", "left"))
    if charge["steps"]:
        yield from table(
            steps, [[each["step"], figure(each), each["unit"], each["text"]] for each in charge["steps"]], width
        )
    for text in (frozen_text(charge, period, found["currency"]), before_text(charge, found["currency"])):
        if text:
            yield f"    {text}"
    if charge["hours"] is not None:
        yield ""
        yield from _hours(charge["hours"], paint, width)


def value_text(value: Any) -> str:
    """Return a value of a rule as text, with plain text without quotes."""
    if value is None:
        return "unknown"
    return safe(value) if isinstance(value, str) else shown(value).strip('"')


def figure(step: Json) -> str:
    """Return the figure of a step with separators of thousands, and money with the decimals of its currency.

    An unknown figure stays a word.
    """
    currency = (step["unit"] or None) if step["step"] in _OF_MONEY else "JPY"
    try:
        return figure_text(Decimal(step["value"]), currency)
    except ArithmeticError:
        return str(step["value"])


def state_text(charge: Json) -> str:
    """Return whether a charge is billed, with the reason where there is one."""
    why = f": {charge['why']}" if charge["why"] else ""
    return f"{charge['state']}{why}"


def exclusion_text(exclusion: Json) -> str:
    """Return an exclusion of the customer or of one of its devices as a sentence."""
    what = f"device {exclusion['device']}" if exclusion["device"] else "the customer"
    until = f" until {exclusion['until']}" if exclusion["until"] else ""
    return f"{exclusion['name']} leaves out {what}{until}: {exclusion['reason']}"


def hours_text(hours: Json) -> str:
    """Return how many hours have a known figure, or how many reports if a charge counts the monthly report."""
    if hours.get("reported"):
        return f"{numbered(hours['known'], 'monthly report')} read since {time_text(hours['from'])}, at most one a day"
    unknown = sum(each["hours"] for each in hours["unknown"])
    every = hours["known"] + unknown
    return f"{hours['known']} of {numbered(every, 'hour')} since {time_text(hours['from'])} have a known figure"


def _hours(hours: Json, paint: Paint, width: int) -> Iterator[str]:
    yield f"{paint('Hours', 'bold')}  {hours_text(hours)}"
    for each in hours["unknown"]:
        yield f"    {safe(unknown_text(each))}"
    chosen = hours["chosen"]
    for each in chosen[:_MOST_HOURS]:
        yield ""
        yield f"Chosen by {hours['measure']}: {chosen_text(each, hours['what'])}"
        columns: Sequence[Column] = (("device", "left"), (hours["what"], "right"), ("read at", "whole"), ("", "left"))
        if each["devices"]:
            yield from table(columns, [device_row(device) for device in each["devices"]], width)
    if len(chosen) > _MOST_HOURS:
        yield f"{numbered(len(chosen) - _MOST_HOURS, 'more hour')}: --json and --format html show all."


def unknown_text(each: Json) -> str:
    """Return hours without a known figure as a sentence."""
    return f"{time_text(each['from'])} to {time_text(each['to'])} ({numbered(each['hours'], 'hour')}): {each['reason']}"


def chosen_text(hour: Json, what: str) -> str:
    """Return an hour with its total and its pull. `what` is what its figure counts, such as `bytes`."""
    never = hour["never_reported"]
    missing = f"; {numbered(len(never), 'device')} never reported a figure, and counts 0" if never else ""
    return f"{time_text(hour['hour'])}, {hour['bytes']:,} {what}, pull {hour['pull']}{missing}"


def device_row(device: Json) -> list[str]:
    """Return the part of a device in an hour as cells."""
    held = "no figure in this hour: its last one counts" if device["held"] else ""
    name = device["device"] or "the customer's total"
    return [safe(name), f"{device['bytes']:,}", time_text(device["read_at"]), held]


def pulls_text(pulls: Json) -> str:
    """Return how many pulls of the period were complete."""
    if not pulls["pulls"]:
        return f"source {safe(pulls['source'])} was not pulled in this month"
    parts = [f"{pulls['whole']} complete", f"{pulls['failed']} failed", f"{pulls['not_believed']} not believed"]
    span = f"{time_text(pulls['first'])} to {time_text(pulls['last'])}"
    return f"{numbered(pulls['pulls'], 'pull')} of {safe(pulls['source'])}, {span}: {', '.join(parts)}"


def other_pull_text(pull: Json) -> str:
    """Return a pull that failed, was not believed, or was approved, as a sentence."""
    approved = f"; approved by {pull['approved_by']}" if pull["approved_by"] else ""
    state = "believed" if pull["state"] == "whole" else pull["state"]
    return f"{time_text(pull['at'])} pull {pull['pull']} {state}: {pull['reason']}{approved}"


def _pulls(pulls: Json, paint: Paint) -> Iterator[str]:
    yield f"{paint('Pulls', 'bold')}  {pulls_text(pulls)}"
    for each in pulls["others"]:
        yield f"    {safe(other_pull_text(each))}"


def write_facts(write: Json) -> Iterator[tuple[str, str]]:
    """Yield what is known of a write: (name, text)."""
    yield "request", safe(write["request"])
    yield "reason", safe(write["reason"] or "unknown")
    yield "sent", fields_line(write["sent"])
    yield "answer", "none" if write["answer"] is None else fields_line(write["answer"])
    yield "read-back", safe(write["read_back"])


def write_heading(write: Json) -> str:
    """Return when and by which run a write was sent."""
    by = f" by {write['who']}" if write["who"] else ""
    commit = f" from commit {write['commit'][:8]}" if write["commit"] else ""
    before = ", before this month" if write["before_period"] else ", after this month" if write["after_period"] else ""
    what = f"{time_text(write['sent_at'])}, run {write['run']}{by}{commit}: {write['action'] or 'write'}"
    return safe(f"{what} {write['address']}{before}")


def fields_line(fields: Json) -> str:
    """Return the fields of a request or an answer on one line. An object is shown by its id."""
    return ", ".join(f"{safe(name)} {_field(value)}" for name, value in fields.items()) or "nothing"


def _field(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"id {value.get('id')}"
    return safe(value) if isinstance(value, str) else shown(value).strip('"')


def _writes(writes: Sequence[Json], paint: Paint) -> Iterator[str]:
    yield f"{paint('Writes', 'bold')}  {numbered(len(writes), 'write')}"
    if len(writes) > _MOST_WRITES:
        yield f"    the newest {_MOST_WRITES} of {len(writes)}: --json and --format html show all"
    for each in writes[-_MOST_WRITES:]:
        yield f"    {write_heading(each)}"
        for name, text in write_facts(each):
            yield f"        {name.ljust(9)}  {text}"


def people_lines(found: Json) -> Iterator[str]:
    """Yield the approvals and the edits by hand as sentences."""
    for each in found["approvals"]:
        what = f" for {each['address']}" if each["address"] else ""
        yield safe(f"{each['given_by']} approved `{each['guardrail']}`{what} at {time_text(each['given_at'])}")
    for each in found["hand_edits"]:
        yield safe(f"{each['address']} was edited by hand, read at {time_text(each['seen_at'])}: ") + fields_line(
            each["fields"]
        )


def _people(found: Json, paint: Paint) -> Iterator[str]:
    lines = list(people_lines(found))
    yield f"{paint('Approvals and edits by hand', 'bold')}  {'' if lines else 'none'}".rstrip()
    for each in lines:
        yield f"    {each}"
