"""The plot of a charge: one small `svg` element without script, whose labels are not rounded."""

from __future__ import annotations

import random
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

from reconciler.rendering.report.plot import plot_svg
from reconciler.reporting.report import Border, ReportCharge
from tests.rendering.plans import HOSTILE
from tests.rendering.report.reports import HOURS, charge, customer, hours, line, rating, report


def drawn(one: ReportCharge) -> str:
    content = report(customer(charges=(one,)))
    return plot_svg(content["customers"][0]["charges"][0], content)


def labels(svg: str) -> list[str]:
    return [each.text or "" for each in ElementTree.fromstring(svg).iter() if each.tag.endswith("text")]


def border(up_to: Any, product: str = "backup-500") -> Border:
    return Border(up_to=up_to, product=product)


def test_a_plot_of_a_month_has_at_most_20_kb_and_no_script() -> None:
    noise = random.Random(1)
    figures = tuple(Decimal(noise.randrange(10**6, 10**9)) / 1000 for _ in range(HOURS + 1))
    svg = drawn(charge(hours=hours(figures=figures, known=HOURS + 1), borders=tuple(map(border, range(1, 40)))))

    assert len(svg.encode()) <= 20_000
    names = {each.tag.rpartition("}")[2] for each in ElementTree.fromstring(svg).iter()}
    assert names <= {"svg", "g", "path", "line", "text", "rect"}
    assert "style=" not in svg
    assert "url(" not in svg


def test_it_names_what_is_included_and_what_is_billed_exactly() -> None:
    found = labels(drawn(charge(billed=(line(quantity=Decimal("411.125")),))))

    assert "included: 50" in found
    assert "billed: 411.125" in found
    assert [each for each in found if each.endswith("Oct")] == ["1 Oct", "8 Oct", "15 Oct", "22 Oct", "29 Oct"]


def test_borders_above_the_picture_are_left_out() -> None:
    found = labels(drawn(charge(borders=(border(500), border(9000, "backup-9000")))))

    assert "backup-500 up to 500" in found
    assert not any("9000" in each for each in found)


def test_the_hour_that_the_measure_chose_is_a_point_and_a_mean_is_a_line() -> None:
    one, many = drawn(charge()), drawn(charge(measure="mean", hours=hours(chosen=(1, 2, 3))))

    assert one.count('fill="#b3151d"') == 1
    assert many.count('fill="#b3151d"') == 0
    assert many.count('stroke="#b3151d"') == 1


def test_a_charge_without_usage_billing_or_allowance_has_a_plot_of_its_axes() -> None:
    svg = drawn(charge(rating=None, billed=(), hours=hours(figures=(), known=0, allowance=None, chosen=(1, 2))))

    assert "billed" not in svg
    assert len(labels(svg)) >= 5
    assert drawn(charge(rating=None)).count('fill="#b3151d"') == 0


def test_an_allowance_far_above_the_usage_is_not_drawn() -> None:
    small = charge(hours=hours(allowance=Decimal(99999)), rating=rating(quantity=Decimal(0)), billed=())

    assert not any("included" in each for each in labels(drawn(small)))


def test_an_adjustment_is_money_and_has_no_level() -> None:
    found = labels(drawn(charge(billed=(line(), line(corrects="2026-09", quantity=Decimal(1))))))

    assert "billed: 411" in found


def test_an_hour_between_two_gaps_can_be_seen() -> None:
    alone = (None, Decimal(5), None, Decimal(7), Decimal(8))
    svg = drawn(charge(hours=hours(figures=alone, known=3)))

    line_of_usage = next(each for each in svg.split("<path") if 'stroke="#0b5394"' in each)
    assert line_of_usage.count("M") == 2


def test_product_names_are_text_and_stay_short() -> None:
    for number, name in enumerate(HOSTILE):
        svg = drawn(charge(borders=(border(400 + number, f"{name}{'x' * 99}"),)))
        label = next(each for each in labels(svg) if "up to" in each)
        assert len(label) < 70
        assert "\n" not in label
