"""The three-way check on the terminal: the money first, then the differences, then the agreements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from reconciler.rendering.paint import plain
from reconciler.rendering.three_way_text import summary, three_way_text
from tests.closing.checking import BOLT, asked, checked, standing


def shown(document: Any) -> list[str]:
    return [" ".join(line.split()) for line in three_way_text(document, plain)]


def test_a_clean_month_shows_the_money_of_each_side() -> None:
    lines = shown(checked([asked()], standing(1), notes=["no invoice was read"]))
    assert lines[0] == "Check of 2026-11, workspace test Europe/Berlin, over, made at 2026-12-03 00:00 UTC"
    assert "note: no invoice was read." in lines
    assert "usage asks for 30.00 12.00 18.00" in lines
    assert "our additions bill 30.00 12.00 18.00" in lines
    assert "invoices should have 30.00" in lines
    assert "No differences on 2 agreements." in lines
    assert "Backup 30.00 30.00 0.00 0.00 30.00 none" in lines


def test_each_difference_has_its_money_its_agreement_and_a_sentence() -> None:
    text = "\n".join(shown(checked([asked(), asked(BOLT, price=None)], standing(1, quantity=121))))
    assert "2 differences: 0.25 USD billed too much, 1 unknown amount." in text
    assert "leak unknown unknown Backup 120 GB of backup-gb are used, and no line bills" in text
    assert "quantity -0.25 -0.15 Backup addition id 1 (BACKUP-GB)" in text


def test_money_that_is_not_billed_has_a_plus() -> None:
    assert any(line.startswith("leak +30.00 +18.00 Backup") for line in shown(checked([asked()])))


def test_a_difference_without_money_says_so() -> None:
    edited = {"cancelledDate": "2026-11-30T00:00:00Z"}
    assert summary(checked([asked()], standing(1, edited=edited))) == "1 difference: no money."


def test_lines_without_a_known_cost_are_named() -> None:
    free = standing(1, edited={"unitCost": Decimal(0)})
    assert "Cost and margin are those of the lines whose cost is known." in shown(checked([asked()], free))


def test_a_check_without_agreements_and_in_a_running_month() -> None:
    document = checked([], agreements={})
    document["period"]["running"] = True
    lines = shown(document)
    assert "running" in lines[0]
    assert lines[-1] == "No differences on 0 agreements."
