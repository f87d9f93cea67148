"""The report of a period as a page of HTML without script: a summary, then a section for each customer.

A report that was made for one customer is meant for that customer: it has no summary and no words of our own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from reconciler.rendering.counts import numbered
from reconciler.rendering.html.page_maker import page, shown_text
from reconciler.rendering.report.figures import (
    amount,
    billed_quantity,
    billed_text,
    change,
    figure,
    margin_text,
    month_text,
    quantity,
    used_text,
)

Json = Mapping[str, Any]
Plot = Callable[[Json, Json], str]
"""Returns the `svg` element of a charge, given the charge and the report."""

_MEASURES = {
    "last": "the last hour counts",
    "peak": "the highest hour counts",
    "mean": "the mean of all hours counts",
    "p95": "95 % of the hours are at or below this one",
}
_MARKS = {"last": "the last hour", "peak": "the highest hour", "mean": "the mean", "p95": "the 95th percentile"}


def report_html(report: Json, plot: Plot) -> str:
    """Return a report as a page. `plot` draws a charge that has hours."""
    alone = report["of"] is not None
    currency, totals = report["currency"], report["totals"]
    anchors = {each["address"]: f"c{number}" for number, each in enumerate(report["customers"], 1)}
    exceptions = [] if alone else report["exceptions"]
    values = {
        "alone": alone,
        "dates": _dates(report),
        "figures": _figures(report),
        "exceptions_title": numbered(len(exceptions), "exception"),
        "exceptions": [_exception(each, anchors, currency) for each in exceptions],
        "rows": [row for each in report["customers"] for row in _rows(each, anchors, currency)],
        "total": shown_text(amount(totals["billed"], currency)),
        "total_before": shown_text(figure(totals["previous"], currency)),
        "customers": [_customer(each, anchors[each["address"]], report, plot) for each in report["customers"]],
        "foot": _foot(report),
    }
    title = f"Usage report, {month_text(report)}"
    return page("report", title, values, style="report.css", script=False)


def _dates(report: Json) -> Markup:
    period = report["period"]
    days = [date.fromisoformat(period[name]) for name in ("first_day", "last_day")]
    text = f"{days[0]:%-d %B} to {days[1]:%-d %B %Y}, {period['timezone']} time"
    if not period["complete"]:
        text += f"; figures up to {_local(report['usage_until'], period['timezone'])}"
    return shown_text(text)


def _local(moment: str, timezone: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(ZoneInfo(timezone)):%-d %B %Y, %H:%M}"


def _figures(report: Json) -> list[dict[str, Any]]:
    currency, totals = report["currency"], report["totals"]

    def tile(name: str, value: str, more: str = "") -> dict[str, Any]:
        return {"name": name, "value": shown_text(value), "more": shown_text(more)}

    found = [
        tile(
            "Billed",
            amount(totals["billed"], currency),
            change(totals["billed"], totals["previous"], currency),
        ),
        tile("Month before", amount(totals["previous"], currency)),
        tile("By usage", amount(totals["by_usage"], currency)),
        tile("Customers", f"{totals['customers']:,}"),
    ]
    if margin := margin_text(totals, currency):
        found.append(tile("Cost", amount(totals["cost"], currency), margin))
    if Decimal(totals["at_risk"]):
        found.append(tile("Not billed, at risk", amount(totals["at_risk"], currency)))
    return found


def _exception(each: Json, anchors: Mapping[str, str], currency: str | None) -> dict[str, Any]:
    return {
        "state": each["state"],
        "name": shown_text(each["name"] or each["customer"]),
        "anchor": anchors.get(each["customer"]),
        "money": None if each["amount"] is None else shown_text(amount(each["amount"], currency)),
        "text": shown_text(each["text"]),
    }


def _rows(customer: Json, anchors: Mapping[str, str], currency: str | None) -> Iterable[dict[str, Any]]:
    head = {
        "anchor": anchors[customer["address"]],
        "name": shown_text(customer["name"]),
        "state": customer["state"],
    }
    several = len(customer["charges"]) > 1
    for charge in customer["charges"]:
        yield {
            **head,
            "charge": shown_text(charge["name"]) if several else None,
            "used": shown_text(used_text(charge)),
            "quantity": shown_text(billed_text(charge)),
            "amount": figure(charge["billed_amount"], currency),
            "before": figure(charge["previous_amount"], currency),
        }
    if customer["other"]:
        billed = sum(Decimal(line["amount"]) for line in customer["other"])
        other = {"charge": "no mapping", "used": "", "quantity": "", "before": ""}
        yield {**head, **other, "amount": figure(str(billed), currency)}


def _customer(customer: Json, anchor: str, report: Json, plot: Plot) -> dict[str, Any]:
    currency, alone = report["currency"], report["of"] is not None
    lines = [line for charge in customer["charges"] for line in charge["billed"]]
    facts = [each for each in (customer["agreement"], None if alone else customer["address"]) if each]
    moved = change(customer["billed"], customer["previous"], currency)
    if moved:
        facts.append(f"month before {amount(customer['previous'], currency)}, {moved}")
    return {
        "anchor": anchor,
        "name": shown_text(customer["name"]),
        "amount": shown_text(amount(customer["billed"], currency)),
        "facts": shown_text(" · ".join(facts)),
        "notes": _notes(customer, report),
        "charges": [_charge(each, report, plot) for each in customer["charges"]],
        "lines": [_line(each, currency) for each in (*lines, *customer["other"])],
    }


def _notes(customer: Json, report: Json) -> list[Markup]:
    """Return what is wrong with a customer. A report for the customer names missing hours only."""
    if report["of"] is None:
        found = [each for each in report["exceptions"] if each["customer"] == customer["address"]]
        return [shown_text(f"{each['state']}: {each['text']}") for each in found]
    notes = []
    for charge in customer["charges"]:
        hours = charge["hours"]
        if hours is not None and hours["known"] < hours["elapsed"]:
            missing = hours["elapsed"] - hours["known"]
            notes.append(
                shown_text(f"{missing} of {numbered(hours['elapsed'], 'hour')} have no figure, and are left out.")
            )
    return notes


def _line(line: Json, currency: str | None) -> dict[str, Any]:
    product = line["description"] or line["product"]
    text = f"{product}, adjustment of {line['corrects']}" if line["corrects"] else product
    return {
        "product": shown_text(text),
        "quantity": quantity(line["quantity"]),
        "times": f"{quantity(line['quantity'])} × {figure(line['unit_price'], currency)}",
        "unit_price": figure(line["unit_price"], currency),
        "amount": figure(line["amount"], currency),
    }


def _charge(charge: Json, report: Json, plot: Plot) -> dict[str, Any]:
    hours, rating = charge["hours"], charge["rating"]
    found: dict[str, Any] = {
        "title": shown_text(charge["name"].replace("-", " ").capitalize()),
        "measure": shown_text(f"{charge['measure'].capitalize()}: {_MEASURES[charge['measure']]}"),
        "steps": [] if rating is None else _steps(charge, rating),
        "unknown": "The usage is not known, so the quantity stays as it was billed before.",
        "plot": None,
    }
    if hours is not None:
        found |= {
            "plot": Markup(plot(charge, report)),  # noqa: S704 (vl-convert escapes the labels)
            "key": _key(charge),
            "caption": shown_text(_caption(charge)),
        }
    return found


def _steps(charge: Json, rating: Json) -> list[dict[str, Any]]:
    """Return the steps from the usage to the quantity, each with its figure. What is billed is a step if it differs."""
    unit = charge["unit"]
    steps: list[tuple[str, str]] = [("Used", rating["used"])]
    if Decimal(rating["included"]):
        steps.append(("Included", f"-{rating['included']}"))
    if rating["minimum"] is not None:
        steps += [("Rounded", rating["rounded"]), ("Minimum", rating["minimum"])]
    steps.append(("Quantity", rating["quantity"]))
    billed = billed_quantity(charge)
    if billed != Decimal(rating["quantity"]):
        steps.append(("Billed", str(billed)))
    return [{"name": name, "value": shown_text(f"{quantity(value)} {unit}")} for name, value in steps]


def _key(charge: Json) -> list[dict[str, Any]]:
    marks: list[tuple[str, str]] = [("k-u", f"usage in each hour, {charge['unit']}")]
    if charge["rating"] is not None:
        one = len(charge["hours"]["chosen"]) == 1
        marks.append(("p" if one else "k-c", _MARKS[charge["measure"]]))
    if charge["billed"]:
        marks.append(("k-b", "billed, above what is included" if charge["hours"]["allowance"] else "billed"))
    if charge["hours"]["allowance"]:
        marks.append(("k-a", "included"))
    if charge["borders"]:
        marks.append(("k-r", "end of a range"))
    return [{"mark": mark, "text": shown_text(text)} for mark, text in marks]


def _caption(charge: Json) -> str:
    """Return the plot in words, also for a reader who does not see it."""
    figures = [Decimal(each) for each in charge["hours"]["figures"] if each is not None]
    unit, hours = charge["unit"], charge["hours"]
    if not figures:
        return "No hour of this month has a figure."
    lowest, highest = quantity(str(min(figures))), quantity(str(max(figures)))
    text = f"Between {lowest} and {highest} {unit} were used."
    if hours["known"] < hours["elapsed"]:
        text += f" {hours['known']} of {numbered(hours['elapsed'], 'hour')} have a figure; the line has gaps elsewhere."
    return text


def _foot(report: Json) -> Markup:
    made = _local(report["made_at"], report["period"]["timezone"])
    what = "as our additions stood at the end of the month" if report["period"]["complete"] else "as they stand now"
    return shown_text(f"Made on {made}. Amounts {what}, without tax.")
