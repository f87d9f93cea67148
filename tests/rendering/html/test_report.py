"""The report of a month as a page: no script, nothing from the network, and nothing of others for one customer."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from reconciler.rendering.html.report import report_html
from reconciler.rendering.report.plot import plot_svg
from reconciler.reporting.report import Totals
from tests.rendering.plans import HOSTILE
from tests.rendering.report.reports import charge, customer, gap, hours, line, report, rich


def page(content: dict[str, Any]) -> str:
    return report_html(content, plot_svg)


def without_plots(content: dict[str, Any]) -> str:
    return report_html(content, lambda _charge, _report: "<svg></svg>")


def words(html: str) -> str:
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]+>", " ", html, flags=re.DOTALL).split())


def test_a_page_has_no_script_and_a_policy_that_allows_none() -> None:
    html = page(rich())

    assert "<script" not in html
    assert "script-src" not in html
    assert "content=\"default-src 'none'; style-src 'sha256-" in html


def test_totals_and_exceptions_come_before_the_customers() -> None:
    text = words(without_plots(rich()))

    assert text.index("Billed 123.30 USD") < text.index("2 exceptions") < text.index("Customers Customer Used")
    assert "Not billed, at risk 3.00 USD" in text
    assert "unmapped Gumtree 3.00 USD no mapping bills it" in text
    assert 'href="#c1">Acme Dental</a>' in without_plots(rich())


def test_the_summary_has_cost_and_margin_and_a_page_for_a_customer_has_not() -> None:
    content = report() | {"totals": report()["totals"] | {"cost": "20", "margin": "41.65", "unknown_costs": 0}}

    assert "Cost 20.00 USD margin 41.65 USD (68 %)" in words(without_plots(content))
    assert "Cost" not in words(without_plots(content | {"of": "Company/acme"}))


def test_a_customer_has_each_step_from_the_usage_to_the_amount() -> None:
    text = words(without_plots(rich()))

    assert "Used 460.4 GB Included -50 GB Rounded 411 GB Minimum 40 GB Quantity 411 GB" in text
    assert "Managed backup, per GB, adjustment of 2026-09" in text
    assert "The usage is not known, so the quantity stays as it was billed before." in text
    assert "month before 55.00 USD, +6.65 (+12 %)" in text
    assert "No hour of this month has a figure." in text
    assert "Nothing is billed." in text


def test_a_billed_quantity_that_differs_from_the_usage_is_a_step_of_its_own() -> None:
    late = charge(billed=(line(quantity=Decimal(400)),))

    assert "Quantity 411 GB Billed 400 GB" in words(without_plots(report(customer(charges=(late,)))))
    assert "Billed 411" not in words(without_plots(report(of="Company/acme")))


def test_the_key_names_only_what_a_plot_shows() -> None:
    bare = charge(rating=None, billed=(), hours=hours(allowance=None))
    key = words(without_plots(report(customer(charges=(bare,))))).partition("usage in each hour, GB")[2]

    assert key.startswith(" Between 400 and 460 GB were used.")


def test_a_plot_is_also_told_in_words() -> None:
    text = words(without_plots(report()))

    assert "Between 400 and 460 GB were used. 714 of 744 hours have a figure; the line has gaps elsewhere." in text
    assert "gaps" not in words(without_plots(report(customer(charges=(charge(hours=hours(known=744)),)))))


def test_a_report_for_one_customer_has_no_summary_and_no_words_of_ours() -> None:
    totals = Totals(customers=1, billed="61.65", by_usage="999.99", previous=None, at_risk="0")
    content = report(of="Company/acme", exceptions=(gap(customer="cove/1001001", text="secret"),), totals=totals)
    text = words(without_plots(content))

    assert "secret" not in text
    assert "cove/" not in text
    assert "999.99" not in text
    assert "30 of 744 hours have no figure, and are left out." in text
    assert "left out" not in words(without_plots(report(customer(charges=(charge(hours=None),)), of="x")))
    assert "have no figure" not in words(
        without_plots(report(customer(charges=(charge(hours=hours(known=744)),)), of="x"))
    )


def test_a_customer_with_several_charges_has_a_row_for_each() -> None:
    several = customer(charges=(charge(), charge(name="devices")), other=(line(),))
    text = words(without_plots(report(several)))

    assert "Acme Dental storage 460.4 GB 411 GB 61.65 55.00 billed" in text
    assert "Acme Dental devices 460.4 GB" in text
    assert "Acme Dental no mapping 61.65 billed" in text


def test_every_text_from_outside_is_escaped() -> None:
    for name in HOSTILE:
        hostile = customer(
            name=name,
            address=f"cove/{name}",
            agreement=name,
            charges=(charge(name=name, billed=(line(product=name, description=name, agreement=name),)),),
            other=(line(description=name),),
        )
        html = without_plots(report(hostile, exceptions=(gap(name="", customer=name, text=name), gap(name=name))))
        assert "<script" not in html
        assert "<!-- x" not in html
        assert "\x1b" not in html
        assert "\u202e" not in html


def test_the_page_says_up_to_when_a_month_that_goes_on_is_counted() -> None:
    text = words(without_plots(rich()))

    assert "1 October to 31 October 2026, America/Chicago time; figures up to 1 November 2026, 00:00" in text
    assert "Amounts as they stand now, without tax." in text
    assert "Amounts as our additions stood at the end of the month, without tax." in words(without_plots(report()))
