"""Tests of the pages in the system's Chromium: what a person sees, with and without script, and how it prints.

They need Chromium, and the check of accessibility needs axe-core from npm, in `AXE_CORE`. `.ci/run` installs both.
Where they are missing, these tests are skipped, but not in CI.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from reconciler.planning.plan import CoverageRow, Note, Tripped
from reconciler.rendering.html.failure import failure_html
from reconciler.rendering.html.outcome import outcome_html
from reconciler.rendering.html.plan import plan_html
from reconciler.rendering.html.report import report_html
from reconciler.rendering.report.plot import plot_svg
from tests.planning.builders import action
from tests.rendering.plans import HOSTILE, addition, json_of, many, plan_with
from tests.rendering.report.reports import report, rich
from tests.rendering.test_hostile import alone, beside, error
from tests.rendering.test_outcome_forms import PART

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = os.environ.get("AXE_CORE", "")
IN_CI = bool(os.environ.get("CI"))
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")

pytestmark = pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="Chromium is not installed")

Open = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Open:
    """Return a function that opens a page. It fails if the page asks for anything or its policy is violated."""

    @contextmanager
    def open_page(html: str, **options: Any) -> Iterator[Page]:
        file = tmp_path / "page.html"
        file.write_text(html, encoding="utf-8")
        context = browser.new_context(**options)
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: complaints.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        yield page
        assert complaints == []
        context.close()

    return open_page


def example() -> str:
    """Return a page with everything that a plan can hold."""
    held = addition("held", "1", "900", "Held Ltd", held_for="CustomerMapping/held")
    rows = [
        CoverageRow(source="cove", customer=f"{n}", name=name, state="unmapped", accounted=False)
        for n, name in enumerate(HOSTILE)
    ]
    actions = [addition(f"c{n}", "1", str(n + 2), f"Customer {n}") for n in range(5)]
    return plan_html(
        json_of(
            plan_with(
                *actions,
                action("Product/old", action="retire", id=4),
                action("Product/new"),
                held=(held,),
                guardrails=(Tripped(name="updates", message="50 of 60 objects"),),
                warnings=tuple(Note(message=f"warning {name}") for name in HOSTILE * 2),
                coverage=tuple(rows),
            )
        )
    )


PAGES = {
    "plan": example,
    "what-if": lambda: plan_html(*beside("Acme & Söhne"), title="Plan"),
    "drift": lambda: plan_html(alone("Acme & Söhne"), title="Drift", drift=True),
    "outcome": lambda: outcome_html(PART.model_dump(mode="json")),
    "error": lambda: failure_html(error("Acme & Söhne")),
    "report": lambda: report_html(rich(), plot_svg),
    "report of a customer": lambda: report_html(report(of="Company/acme"), plot_svg),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_breaks_no_policy(opened: Open, name: str) -> None:
    with opened(PAGES[name]()) as page:
        assert page.locator("h1").inner_text()


def test_search_shows_the_actions_with_all_words_and_counts_them(opened: Open) -> None:
    with opened(plan_html(json_of(plan_with(*many(30))))) as page:
        page.fill("#search", "customer 17")
        expect(page.locator("output")).to_have_text("1 shown")

        assert [each.inner_text() for each in page.locator("details.g:visible h3").all()] == ["Customer 17 Ltd"]
        page.fill("#search", "")
        expect(page.locator("output")).to_have_text("")
        assert page.locator("details.g:visible").count() == 30


def test_filters_hide_actions_of_a_type_and_work_without_script(opened: Open) -> None:
    with opened(example(), java_script_enabled=False) as page:
        assert not page.locator("#search").is_visible()
        page.uncheck("#f-r")
        assert page.locator("li.r:visible").count() == 0
        assert page.locator("li.u:visible").count() == 5


def test_filters_hide_customers_without_a_shown_action(opened: Open) -> None:
    with opened(example()) as page:
        before = page.locator("details.g:visible").count()
        page.uncheck("#f-u")
        assert page.locator("details.g:visible").count() == before - 5


def test_a_keyboard_reaches_the_content_and_opens_a_block(opened: Open) -> None:
    with opened(plan_html(json_of(plan_with(*many(61))))) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        page.locator("details.g summary").first.focus()
        page.keyboard.press("Enter")
        assert page.locator("details.g").first.get_attribute("open") is not None


@pytest.mark.parametrize("name", PAGES)
def test_a_phone_shows_a_page_without_scrolling_sideways(opened: Open, name: str) -> None:
    with opened(PAGES[name](), viewport={"width": 360, "height": 740}, is_mobile=True) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_print_shows_folded_blocks_and_no_controls(opened: Open) -> None:
    with opened(plan_html(json_of(plan_with(*many(61))))) as page:
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        page.emulate_media(media="print")

        assert page.locator("details.g li:visible").count() == 61
        assert not page.locator("fieldset").is_visible()


def test_a_printed_report_has_a_page_for_each_customer_and_light_colours(opened: Open) -> None:
    with opened(PAGES["report"](), color_scheme="dark") as page:
        page.emulate_media(media="print")
        breaks = page.eval_on_selector_all(".customer", "all => all.map(each => getComputedStyle(each).breakBefore)")
        assert breaks == ["page"] * 3
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 4
    with opened(PAGES["report of a customer"]()) as page:
        assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4"))) == 1


@pytest.mark.skipif(not AXE and not IN_CI, reason="AXE_CORE does not name axe.min.js of npm's axe-core")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_obstacle(opened: Open, name: str, scheme: str) -> None:
    with opened(PAGES[name](), color_scheme=scheme, bypass_csp=True) as page:
        page.add_script_tag(path=AXE)
        found = page.evaluate("axe.run()")
        assert [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found["violations"]] == []
