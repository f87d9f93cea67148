"""`make docs` builds a site that loads nothing from the network, and fails for a link that leads nowhere."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser, expect, sync_playwright

from tests.rendering.html.test_in_browser import ARGUMENTS, CHROMIUM, IN_CI
from tools.site import ROOT, BrokenDocsError, build, problems

NEEDS_CHROMIUM = pytest.mark.skipif(CHROMIUM is None and not IN_CI, reason="Chromium is not installed")


def project(folder: Path) -> Path:
    """Copy what the site is built from."""
    shutil.copytree(ROOT / "docs", folder / "docs")
    shutil.copy(ROOT / "zensical.toml", folder)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site of the repository once."""
    return build(project(tmp_path_factory.mktemp("docs")))


def test_every_page_is_built_and_every_address_leads_somewhere(site: Path) -> None:
    pages = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    assert {path.relative_to(site) for path in site.rglob("*.html")} == {*pages, Path("404.html")}
    assert list(problems(site)) == []


def test_every_page_is_in_the_navigation(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    pages = [path.relative_to(ROOT / "docs").with_suffix(".html").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    assert [page for page in pages if page not in home] == []


def test_a_page_has_the_same_parts_on_the_site_as_in_the_repository(site: Path) -> None:
    """The site is built by another parser of Markdown: a list or a block that only one of them sees is a mistake."""
    for path in sorted((ROOT / "docs").rglob("*.md")):
        tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text(encoding="utf-8"))
        html = (site / path.relative_to(ROOT / "docs").with_suffix(".html")).read_text(encoding="utf-8")
        article = html[html.index("<article") : html.index("</article>")]
        for part, token in {"li": "list_item_open", "pre": "fence", "tr": "tr_open"}.items():
            built = len(re.findall(rf"<{part}[ >]", article))
            assert built == sum(each.type == token for each in tokens), f"{path.name}: {part}"


@pytest.mark.parametrize(
    ("link", "said"),
    [
        ("[a](tutorial/nothing.md)", "page does not exist"),
        ("[a](tutorial/first-billed-hour.md#nothing)", "anchor does not exist"),
        ("[a](#nothing)", "anchor does not exist"),
        ("[a](../README.md)", "page does not exist"),
    ],
)
def test_a_link_to_a_page_or_a_heading_that_does_not_exist_fails_the_build(
    link: str, said: str, tmp_path: Path
) -> None:
    (project(tmp_path) / "docs" / "new.md").write_text(f"# New\n\n{link}\n", encoding="utf-8")

    with pytest.raises(BrokenDocsError, match=said) as failed:
        build(tmp_path)
    assert "new.md:3" in str(failed.value)
    assert "Traceback" not in str(failed.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('<a href="../manifests">a</a>', "index.html: ../manifests does not exist"),
        ('<a href="other.html#c">a</a>', "index.html: other.html#c has no such heading"),
        ('<a href="/deep/none.html">a</a>', "index.html: /deep/none.html does not exist"),
        ('<img src="https://example.com/a.png">', "index.html: <img> loads https://example.com/a.png"),
        ('<script src="//example.com/a.js"></script>', "index.html: <script> loads //example.com/a.js"),
    ],
)
def test_what_the_build_does_not_check_is_found_in_the_pages(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    (tmp_path / "other.html").write_text('<h1 id="b">b</h1><a href="#b">b</a>', encoding="utf-8")
    (tmp_path / "a.css").write_text("b {background: url(data:x)}", encoding="utf-8")

    assert list(problems(tmp_path)) == [said]


@pytest.mark.parametrize("css", ["@import 'https://a.example/b.css';", "b {background: url('//a.example/b.png')}"])
def test_a_style_that_loads_something_is_found(css: str, tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text(css, encoding="utf-8")

    assert len(list(problems(tmp_path))) == 1


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield found
        found.close()


@NEEDS_CHROMIUM
def test_the_site_works_and_is_searched_from_a_folder_on_disk(site: Path, browser: Browser) -> None:
    """It asks for nothing outside its folder."""
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto((site / "how-to" / "undo.html").as_uri())
    page.locator(".md-code__button").first.click()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    page.keyboard.press("Control+k")
    page.keyboard.type("adopt")
    expect(page.get_by_text("Adopt an existing tenant").first).to_be_visible()

    assert copied.startswith("git init")
    assert [url for url in asked if not url.startswith(site.as_uri())] == []
    assert complaints == []
    context.close()


@NEEDS_CHROMIUM
def test_a_page_fits_a_phone(site: Path, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    for name in ("index.html", "reference/commands.html", "explanation/billing.html"):
        page.goto((site / name).as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
    context.close()


@NEEDS_CHROMIUM
@pytest.mark.skipif(not os.environ.get("AXE_CORE") and not IN_CI, reason="axe-core is not installed")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(site: Path, browser: Browser, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    for name in ("index.html", "how-to/undo.html", "reference/commands.html"):
        page.goto((site / name).as_uri())
        page.evaluate(Path(os.environ["AXE_CORE"]).read_text(encoding="utf-8"))
        found = page.evaluate("async () => (await axe.run()).violations")
        assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == [], name
    context.close()
