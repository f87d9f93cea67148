"""Check who sends a request and how often, and tell a client where the tenant's API is."""

from __future__ import annotations

import time
from base64 import b64decode
from hmac import compare_digest
from typing import Final

from reconciler.sandbox.connectwise.api.http import root_of, too_many
from reconciler.sandbox.connectwise.schema.errors import no_endpoint
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.shared.environment import Environment
from reconciler.sandbox.shared.messages import Request, Response, error_response, json_response

VERSION: Final = "v2026.4.98765"
"""The version of ConnectWise that this tenant reports."""
LOGIN: Final = "/login/companyinfo/"
"""The path at which a client asks for the codebase of a company, without credentials."""


class Access:
    """The checks that come before a request reaches the tenant's objects."""

    def __init__(self, tenant: Tenant, environment: Environment) -> None:
        self._tenant = tenant
        self._environment = environment
        self._good_authorization: bytes | None = None
        self._second, self._in_second = 0, 0

    def company_info(self, request: Request) -> Response:
        """Answer `/login/companyinfo/{company}`: the codebase and version, or `null` for an unknown company."""
        if request.method != "GET":
            return error_response(405, "MethodNotAllowed", "Only GET.", (b"allow", b"GET"))
        known = self._environment.credentials.company
        if request.path[len(LOGIN) :].casefold() != known.casefold():
            return json_response(200, None)
        return json_response(
            200,
            {
                "CompanyName": "Sandbox",
                "Codebase": self._tenant.codebase,
                "VersionCode": VERSION,
                "VersionNumber": VERSION,
                "CompanyID": known,
                "IsCloud": True,
                "SiteUrl": root_of(request).partition("://")[2],
            },
        )

    def refusal(self, request: Request) -> Response | None:
        """Return the response to a request without valid credentials or above the rate limit, or None."""
        return self._unauthorized(request) or self._over_rate()

    def _unauthorized(self, request: Request) -> Response | None:
        given = request.headers.get(b"authorization", b"")
        known = self._environment.credentials
        if given != self._good_authorization:
            good = f"{known.company}+{known.public_key}:{known.private_key}".encode()
            if not compare_digest(_basic(given), good):
                if self._environment.faults.hit("auth-404", request.path):
                    return no_endpoint().response()
                challenge = (b"www-authenticate", b'Basic realm="ConnectWise"')
                message = "Username or password is incorrect."
                return error_response(401, "Unauthorized", message, challenge)
            self._good_authorization = given
        client = request.headers.get(b"clientid", b"")
        if not compare_digest(client.strip().lower(), known.client_id.lower().encode()):
            message = "The clientId header is missing." if not client else "The clientId is not known."
            return error_response(403, "Forbidden", message)
        return None

    def _over_rate(self) -> Response | None:
        limit = self._environment.rate_per_second
        if limit is None:
            return None
        second = int(time.monotonic())
        self._in_second = self._in_second + 1 if second == self._second else 1
        self._second = second
        return too_many(1) if self._in_second > limit else None


def _basic(header: bytes) -> bytes:
    scheme, _, encoded = header.partition(b" ")
    if scheme.lower() != b"basic":
        return b""
    try:
        return b64decode(encoded.strip(), validate=True)
    except ValueError:
        return b""
