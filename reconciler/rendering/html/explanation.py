"""An explanation as a page of HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from reconciler.rendering.explanation_month import (
    before_text,
    close_lines,
    correction_facts,
    correction_heading,
    frozen_text,
    holds_text,
    in_use_text,
    invoice_lines,
    month_text,
)
from reconciler.rendering.explanation_text import (
    chosen_text,
    device_row,
    exclusion_text,
    figure,
    has_several,
    heading,
    hours_text,
    line_facts,
    other_pull_text,
    people_lines,
    pulls_text,
    rule_name,
    scope_text,
    state_text,
    unknown_text,
    value_text,
    write_facts,
    write_heading,
)
from reconciler.rendering.html.page_maker import page, shown_text
from reconciler.rendering.times import time_text

Json = Mapping[str, Any]


def explanation_html(found: Json) -> str:
    """Return an explanation as a page of HTML. `found` is what `usage explain --json` prints."""
    pulls = [found["pulls"], *([found["reports"]] if "reports" in found else ())]
    values = {
        "scope": shown_text(scope_text(found)),
        "notes": [shown_text(f"{note}.") for note in found["notes"]],
        "closes": [shown_text(text) for each in found["closes"] for text in close_lines(each)],
        "coverage": [
            {"level": "ok" if row["accounted"] else "look", "state": row["state"], "text": shown_text(row["detail"])}
            for row in found["coverage"]
        ],
        "lines": [
            {
                "address": shown_text(line["address"]),
                "facts": [_fact(name, text) for name, text in line_facts(line, found["currency"])],
            }
            for line in found["lines"]
        ],
        "charges": [_charge(each, found) for each in found["charges"]],
        "corrections": [
            {
                "heading": shown_text(correction_heading(each, found["currency"])),
                "facts": [_fact(*fact) for fact in correction_facts(each)],
            }
            for each in found["adjustments"]
        ],
        "invoices": [
            {"text": shown_text(invoice), "lines": [shown_text(line) for line in lines]}
            for invoice, lines in invoice_lines(found)
        ],
        "month": shown_text(f"{found['period']['name']} is {text}") if (text := month_text(found)) else "",
        "pulls": [shown_text(pulls_text(each)) for each in pulls],
        "other_pulls": [shown_text(other_pull_text(each)) for of in pulls for each in of["others"]],
        "writes": [
            {"heading": shown_text(write_heading(each)), "facts": [_fact(*fact) for fact in write_facts(each)]}
            for each in reversed(found["writes"])
        ],
        "people": [shown_text(each) for each in people_lines(found)],
        "foot": shown_text(f"Workspace {found['workspace']}, made {time_text(found['made_at'])}."),
    }
    return page("explanation", heading(found), values)


def _fact(name: str, text: str) -> dict[str, Markup]:
    return {"name": shown_text(name), "text": shown_text(text)}


def _charge(charge: Json, found: Json) -> dict[str, Any]:
    rule, hours, period = charge["rule"], charge["hours"], found["period"]["name"]
    beside = (frozen_text(charge, period, found["currency"]), before_text(charge, found["currency"]))
    return {
        "mapping": shown_text(rule_name(charge, several=has_several(found))),
        "holds": shown_text(holds_text(charge, period)),
        "in_use": shown_text(in_use_text(charge)),
        "beside": [shown_text(f"{text[0].upper()}{text[1:]}.") for text in beside if text],
        "digest": shown_text(rule["digest"]),
        "values": [
            {name: shown_text(text) for name, text in (("name", each["name"]), ("origin", each["origin"]))}
            | {"value": shown_text(value_text(each["value"]))}
            for each in rule["values"]
        ],
        "exclusions": [shown_text(exclusion_text(each)) for each in rule["exclusions"]],
        "state": shown_text(state_text(charge)),
        "steps": [
            {
                "step": shown_text(each["step"]),
                "figure": shown_text(figure(each)),
                "unit": shown_text(each["unit"]),
                "text": shown_text(each["text"]),
            }
            for each in charge["steps"]
        ],
        "hours": "" if hours is None else shown_text(hours_text(hours)),
        "unknown": [] if hours is None else [shown_text(unknown_text(each)) for each in hours["unknown"]],
        "chosen": []
        if hours is None
        else [
            {
                "heading": shown_text(f"Chosen by {hours['measure']}: {chosen_text(each, hours['what'])}"),
                "devices": [[shown_text(cell) for cell in device_row(device)] for device in each["devices"]],
            }
            for each in hours["chosen"]
        ],
    }
