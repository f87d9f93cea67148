"""The page at `/`: the state of both stand-ins as tables, updated every two seconds.

It is one HTML document without external files. It reads `/sandbox/overview` and shows every value as text, never as
markup, so a customer with the name `<script>` is only a name.
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
    """Return the route of the page. The page itself requests its data."""
    document = files("reconciler.sandbox.server").joinpath("page.html").read_text(encoding="utf-8")

    async def page(_request: Request) -> HTMLResponse:
        return HTMLResponse(document, headers=_HEADERS)

    return [Route("/", page, methods=["GET"])]
