"""The page at `/`: what happened in both stand-ins, as tables that refresh every two seconds.

One HTML document without any outside asset; it reads `/sandbox/overview` and writes every value as text, never as
markup, so that a customer named `<script>` stays a name.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:"
    ),
    "X-Content-Type-Options": "nosniff",
}


def routes() -> list[Route]:
    """The one route of the page; the sandbox itself is read by the page's own requests."""
    document = files("reconciler.sandbox.server").joinpath("page.html").read_text(encoding="utf-8")

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(document, headers=_HEADERS)

    return [Route("/", page, methods=["GET"])]
