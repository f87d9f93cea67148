"""Make a page of HTML: one file with its style, and its script if it has one. Its policy allows nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Mapping
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from reconciler.rendering.paint import safe

_PAGES = "reconciler.rendering.html"


def page(template: str, title: str, values: Mapping[str, Any], *, style: str = "", script: bool = True) -> str:
    """Return the HTML of a page. Every text of `values` is escaped.

    `style` is the name of a style sheet of its own, beside the one that all pages have.
    """
    environment = Environment(
        loader=PackageLoader(_PAGES, "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    styles = "\n".join(_resource(each) for each in ("style.css", style) if each)
    program = _resource("script.js") if script else ""
    may_run = f"script-src {_hash(program)}; " if script else ""
    policy = f"default-src 'none'; style-src {_hash(styles)}; {may_run}base-uri 'none'; form-action 'none'"
    found = environment.get_template(f"{template}.html.j2").render(
        values,
        title=shown_text(title),
        style=Markup(styles),  # noqa: S704 (it has our own files)
        script=Markup(program),  # noqa: S704 (it is our own file)
        policy=Markup(policy),  # noqa: S704 (it has hashes of our own files)
    )
    return found if found.endswith("\n") else f"{found}\n"


def shown_text(value: str) -> Markup:
    """Return text from outside for the content of an element: on one line, with `&`, `<` and `>` escaped."""
    return Markup(html.escape(safe(value), quote=False))  # noqa: S704 (it is escaped here)


def shown_sentence(value: str) -> Markup:
    """Return a sentence of our own, without text from outside. What it has in backticks becomes code."""
    escaped = html.escape(safe(value), quote=False)
    return Markup(re.sub("`([^`]+)`", r"<code>\1</code>", escaped))  # noqa: S704 (it is escaped before)


def shown_lines(lines: list[str]) -> Markup:
    """Return lines for the content of a `pre` element. Each line is safe already; `&`, `<` and `>` are escaped."""
    return Markup(html.escape("\n".join(lines), quote=False))  # noqa: S704 (it is escaped here)


def _resource(name: str) -> str:
    return resources.files(_PAGES).joinpath("page", name).read_text(encoding="utf-8").strip()


def _hash(text: str) -> str:
    """Return the source expression of CSP for an element with this text (CSP Level 3, section 2.3.1)."""
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"
