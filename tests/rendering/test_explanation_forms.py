"""An explanation as text and as a page."""

from __future__ import annotations

import re
from typing import Any

import pytest

from reconciler.rendering.explanation_text import explanation_text
from reconciler.rendering.html.explanation import explanation_html
from reconciler.rendering.paint import plain

from .explanations import HOSTILE, T, charge, device, explanation, hour, line, write


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
    held["rule"] = {**held["rule"], "values": [], "exclusions": []}
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


CLOSE = {
    "closed_at": T,
    "closed_by": "ann@desk",
    "samples": "0123456789abcdef",
    "accepted": [{"address": "cove", "what": "3 hours have no pull", "reason": "outage", "by": "ann@desk", "at": T}],
    "left_open": {"address": "cove/77", "what": "held", "reason": "asked them", "by": "ann@desk", "at": T},
}
MADE = {
    "address": "Addition/acme.storage:gb@2026-11+1",
    "corrects": "2026-11",
    "number": 1,
    "state": "made",
    "amount": "6",
    "cause": "late samples",
    "why": "6.00 USD more are due",
    "text": "Adjustment for 2026-11",
    "first_day": "2026-12-01",
    "id": 101,
    "written_at": T,
    "run": 5,
    "approved_by": "ann@desk",
    "approved_at": T,
}
INVOICED = {
    "agreement": "Acme - Managed Backup",
    "month": "2026-11",
    "state": "invoiced",
    "next_invoice": "2026-12-01",
    "invoices": [
        {"number": "1001", "date": "2026-11-01", "amount": "58", "void": False, "status": None},
        {"number": "1000", "date": "2026-11-01", "amount": "60", "void": True, "status": "Voided"},
    ],
    "lines": [
        {"address": "Addition/acme.storage:gb", "quantity": "120", "unit_price": "0.25", "amount": "30", "late": False},
        {"address": "Addition/acme.devices:d", "quantity": "2", "unit_price": None, "amount": "0", "late": True},
    ],
}
NOTHING = dict.fromkeys(("cause", "why", "text", "first_day", "id", "written_at", "run", "approved_by", "approved_at"))


def held_by(origin: str, **more: Any) -> dict[str, Any]:
    rule = {**charge()["rule"], "holds": {"from": origin, "at": T, "by": "ann@desk"}, "in_use": None, **more}
    return charge(rule=rule, billed_by="perPeriod")


def test_a_closed_month_says_who_closed_it_and_what_it_left_out() -> None:
    found = text(closes=[CLOSE])
    assert "Closed 2026-11-10 12:00 UTC by ann@desk, samples 0123456789ab…" in found
    assert "Left out, cove: 3 hours have no pull (outage; accepted by ann@desk)" in found
    assert "Left open: held (asked them; accepted by ann@desk)" in found
    assert "Left open" not in text(closes=[{**CLOSE, "accepted": [], "left_open": None}])


def test_a_rule_says_why_it_holds_for_the_month_and_since_when_it_is_in_use() -> None:
    used = {"since": T, "commit": "0123456789abcdef"}
    assert "frozen at the close of 2026-11, 2026-11-10 12:00 UTC by ann@desk" in text(charges=[held_by("close")])
    found = text(charges=[held_by("run", in_use=used)])
    assert "as the last run of 2026-11 used it, 2026-11-10 12:00 UTC" in found
    assert "in use since 2026-11-10 12:00 UTC, from commit 01234567" in found
    found = text(charges=[held_by("manifests", in_use={**used, "commit": None})])
    assert "in use since 2026-11-10 12:00 UTC\n" in found


def test_what_a_close_froze_is_beside_what_the_usage_gives_now() -> None:
    frozen = {"quantity": "120", "unit": "GB", "amount": "30"}
    assert "at the close of 2026-11, 120 GB for 30.00 USD" in text(charges=[charge(frozen=frozen)])
    found = text(charges=[charge(frozen={"quantity": None, "unit": None, "amount": None})])
    assert "at the close of 2026-11, its usage was not known" in found


@pytest.mark.parametrize(
    ("due", "sentence"),
    [("0", "nothing is due"), ("2", "2.00 USD are due"), ("-2", "-2.00 USD too much"), (None, "is not known")],
)
def test_adjustments_are_told_with_what_is_due_in_all(due: str | None, sentence: str) -> None:
    month = {"lines": "30", "adjustments": "6", "rated": None if due is None else "36", "due": due}
    found = text(adjustments=[MADE, {**MADE, **NOTHING, "state": "owed", "amount": None}], month=month)
    assert "Adjustments  2 adjustments" in found
    assert "Addition/acme.storage:gb@2026-11+1: 6.00 USD for 2026-11, made" in found
    assert "Addition/acme.storage:gb@2026-11+1: unknown for 2026-11, owed" in found
    for part in (
        "cause      late samples",
        "billed     from 2026-12-01",
        "run 5",
        "approved   2026-11-10 12:00 UTC by",
    ):
        assert part in found
    assert "2026-11 is billed with 30.00 USD by lines and 6.00 USD by adjustments" in found
    assert sentence in found


def test_a_month_without_adjustments_has_none_and_a_line_says_for_which_time_it_bills() -> None:
    month = {"lines": "30", "adjustments": "0", "rated": "30", "due": "0"}
    found = text(month=month, lines=[line(address="Addition/acme.storage:gb@2026-11")])
    assert "Adjustments  none" in found
    assert "= 30.00 USD for 2026-11" in found
    assert "= 30.00 USD once" in text(lines=[line(address="Addition/acme.storage:gb@2026-11+1")])


def test_the_page_of_a_closed_month_has_its_close_its_rule_and_its_adjustments() -> None:
    month = {"lines": "30", "adjustments": "6", "rated": "36", "due": "0"}
    closed = held_by("close", in_use={"since": T, "commit": None})
    closed["frozen"] = {"quantity": "120", "unit": "GB", "amount": "30"}
    found = explanation_html(explanation(closes=[CLOSE], adjustments=[MADE], month=month, charges=[closed]))
    for part in (
        "<p>Closed 2026-11-10 12:00 UTC by ann@desk",
        "<p>The rule is frozen at the close of 2026-11",
        "<p>It is in use since",
        "<p>At the close of 2026-11, 120 GB for 30.00 USD.</p>",
        "6.00 USD for 2026-11, made</summary>",
        "<p>2026-11 is billed with 30.00 USD by lines",
    ):
        assert part in found


def test_invoices_show_what_they_billed_of_each_line() -> None:
    found = text(invoices=[INVOICED])
    assert "2026-11, Acme - Managed Backup: invoice 1001 of 2026-11-01, 58.00 USD" in found
    assert "2026-11, Acme - Managed Backup: invoice 1000 of 2026-11-01, 60.00 USD, void (Voided)" in found
    assert "Addition/acme.storage:gb: 120 × 0.25 USD = 30.00 USD" in found
    assert "Addition/acme.devices:d: not on it, because it was made after the invoice" in found
    page = explanation_html(explanation(invoices=[INVOICED]))
    assert "<li>2026-11, Acme - Managed Backup: invoice 1001" in page


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("not yet", "not invoiced yet: the next invoice begins with 2026-12-01"),
        ("missing", "no invoice of this month is found"),
        ("not due", "the agreement does not bill this month"),
    ],
)
def test_a_month_without_an_invoice_says_why(state: str, sentence: str) -> None:
    assert sentence in text(invoices=[{**INVOICED, "state": state, "invoices": [], "lines": []}])


def test_invoices_that_may_not_be_read_are_unknown() -> None:
    assert "the role of the API member does not allow to read invoices" in text(invoices=None)


def test_the_month_before_is_beside_the_rating_with_the_change() -> None:
    billed = {"product": "gb", "quantity": "100", "unit_price": "0.25", "amount": "25"}
    now = {**billed, "quantity": "120", "amount": "30"}
    before = {"lines": [billed], "amount": "25"}
    found = text(charges=[charge(before=before, lines=[now])])
    assert "the month before, 100 × 0.25 USD on gb, 25.00 USD in all: +5.00" in found
    assert "25.00 USD in all\n" in text(charges=[charge(before=before, lines=[])])
    found = text(charges=[charge(before={"lines": [], "amount": None}, lines=[now])])
    assert "the month before, nothing, unknown in all\n" in found
