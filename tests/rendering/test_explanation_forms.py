"""An explanation as text and as a page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.rendering.explanation_text import explanation_text
from reconciler.rendering.html.explanation import explanation_html
from reconciler.rendering.paint import plain

from .explanations import HOSTILE, charge, device, explanation, hour, line, write


def text(**more: Any) -> str:
    return "\n".join(explanation_text(explanation(**more), plain))


def test_the_text_goes_from_the_line_to_the_samples() -> None:
    found = text()
    parts = ["cove/77, Acme", "Line ", "Backup per GB", "Rule ", "Rating", "Hours", "Chosen by", "Pulls", "Writes"]
    places = [found.index(part) for part in [*parts, "Approvals"]]
    assert places == sorted(places)
    assert "2026-11, running (Europe/Berlin), as of 2026-11-10 12:00 UTC" in found
    assert "stands now  120 × 0.25 USD = 30.00 USD a month" in found
    assert "from 2026-11-01, without an end" in found
    assert "119,400,000,000" in found
    assert "229 of 232 hours since 2026-11-01 00:00 UTC have a known figure" in found
    assert "(3 hours): there was no pull in this hour" in found
    assert "pull 7; 1 device never reported a figure, and counts 0" in found
    assert "no figure in this hour: its last one" in found
    assert "231 pulls of cove, 2026-11-10 12:00 UTC to 2026-11-10 12:00 UTC: 230 complete, 1 failed, 0" in found
    assert "pull 8 failed: no network" in found
    assert "pull 8 believed: it lost 3 devices; approved by ann@desk" in found
    assert "run 3 by ann@desk from commit 01234567: update Addition/acme.storage:gb, before this month" in found
    assert "sent       quantity 120, product id 4" in found
    assert "read-back  the answer has every value that was sent" in found
    assert "ann@desk approved `zero` for CustomerMapping/acme at 2026-11-10 12:00 UTC" in found
    assert "was edited by hand, read at 2026-11-10 12:00 UTC: quantity 130" in found


def test_an_address_of_a_line_names_its_customer() -> None:
    assert text(address="Addition/acme:gb").startswith("Addition/acme:gb of cove/77, Acme  2026-11")
    unnamed = {"source": "cove", "id": "77", "name": "77"}
    assert text(customer=unnamed).startswith("cove/77  2026-11")


def test_the_rule_shows_each_value_with_its_origin() -> None:
    found = re.sub(r" +", " ", text())
    assert "measure last the default" in found
    assert 'rounding {mode: "up"} acme.yaml:9' in found
    assert "price of gb unknown the product in ConnectWise" in found
    assert "billing.maxAge 6 the default" in found
    assert "Exclusion/lab leaves out device d9 until 2026-11-30: a laboratory" in found
    assert "Exclusion/lab leaves out the customer: a laboratory" in found
    assert "price unknown USD product gb has no price" in found


def test_a_line_without_a_text_a_price_or_an_object_says_so() -> None:
    fields = {"quantity": None, "lessIncluded": "10", "cancelledDate": "2026-11-30T00:00:00Z"}
    live = {"id": 99, "agreement": 9, "product": "GB", "last_updated": None, "fields": fields}
    found = text(lines=[line(live=live, monthly=None, sent=None, text=None), line(live=None, sent=None)])
    assert "unknown less 10 included × unknown price = unknown a month" in found
    assert "from the start to 2026-11-30" in found
    assert "last updated unknown" in found
    assert "stands now  not in ConnectWise yet" in found


def test_several_charges_of_a_mapping_are_named() -> None:
    both = [{**charge(), "charge": name} for name in ("storage", "servers")]
    assert "Rule CustomerMapping/acme, charge servers" in text(charges=both)
    assert "CustomerMapping/acme, charge storage" in explanation_html(explanation(charges=both))
    assert "charge storage" not in text(charges=both[:1])


def test_a_held_charge_without_hours_gives_its_reason() -> None:
    held = charge(state="held", why="the pull failed", steps=[], hours=None)
    held["rule"] = {"digest": "sha256:aa", "values": [], "exclusions": []}
    found = text(charges=[held], coverage=[{"state": "unknown", "detail": "the pull failed", "accounted": False}])
    assert "unknown  the pull failed" in found
    assert "Rating  held: the pull failed" in found
    assert "Hours" not in found


def test_long_lists_are_cut_and_say_where_the_rest_is() -> None:
    many = charge()
    many["hours"]["chosen"] = [hour(device())] * 7 + [hour()]
    found = text(charges=[many], writes=[write()] * 12)
    assert found.count("Chosen by last") == 5
    assert "3 more hours: --json and --format html show all." in found
    assert "the newest 10 of 12: --json and --format html show all" in found
    few = charge()
    few["hours"]["chosen"] = [hour()]
    assert "more hour" not in text(charges=[few])


def test_a_month_without_pulls_writes_or_people_says_so() -> None:
    none = {"source": "cove", "pulls": 0, "whole": 0, "failed": 0, "not_believed": 0, "first": None, "last": None}
    found = text(pulls={**none, "others": []}, writes=[], approvals=[], hand_edits=[], notes=[], coverage=[])
    assert "source cove was not pulled in this month" in found
    assert "0 writes" in found
    assert "Approvals and edits by hand  none" in found


def test_a_past_month_is_not_running_and_an_empty_request_sent_nothing() -> None:
    period = {**explanation()["period"], "running": False}
    found = text(period=period, writes=[write(sent={})])
    assert "2026-11 (Europe/Berlin)" in found
    assert "sent       nothing" in found


def test_the_page_has_all_of_it_and_escapes_what_comes_from_outside() -> None:
    customer = {"source": "cove", "id": "77", "name": HOSTILE}
    found = explanation_html(explanation(customer=customer, lines=[line(why=HOSTILE)]))
    assert found.startswith("<!doctype html>")
    assert "<b>&\n" not in found
    assert "\x1b" not in found
    assert "Acme\\u001b[2J &lt;b&gt;&amp; Bolt" in found
    for part in ("Each step with its figure", "The rule, version sha256:aa", "119,400,000,000", "pull 8 failed"):
        assert part in found


@pytest.mark.parametrize("hours", [None, "many"])
def test_a_page_folds_the_hours_of_a_mean_and_can_be_without_hours(hours: str | None) -> None:
    found = charge()
    if hours is None:
        found["hours"] = None
    else:
        found["hours"]["chosen"] = [hour(device())] * 8
    page = explanation_html(explanation(charges=[found], writes=[], approvals=[], hand_edits=[]))
    assert page.count("<details><summary>Chosen by last") == (0 if hours is None else 8)
    assert page.count("<p>None.</p>") == 2
