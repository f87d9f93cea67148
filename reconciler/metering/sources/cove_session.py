"""Log in to the backup console and send JSON-RPC calls over HTTPS, one at a time.

    Login ─▶ visa ─▶ call ─▶ newer visa ─▶ call …

A visa is the console's session token. It is valid for 15 minutes, and each response has a new one [docs, seen]. If a
visa has expired, the session logs in again once and repeats the call. It never repeats a login with bad credentials.
All calls only read, so each can be repeated after a lost response.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from reconciler.http.headers import is_header_value
from reconciler.http.scrubbing import Secrets
from reconciler.metering.sources.addresses import redacted
from reconciler.metering.sources.columns import NO_COLUMNS, Columns
from reconciler.metering.sources.cove_errors import RpcError, rpc_error
from reconciler.metering.sources.errors import SourceError, UnauthorizedError
from reconciler.metering.sources.http import FIRST_WAIT, GARBLED_ATTEMPTS, LIMITS, Limits, send
from reconciler.metering.sources.pulling import Clock, Sleep, secrets_of

VISA_MAX_AGE = 14 * 60.0
"""The age in seconds after which a visa is renewed before the next call. The console accepts it for 15 minutes."""

CALLS_PER_SECOND = 4.0
"""The average rate of calls. No limit is published; other clients use about 4 calls a second [seen]."""
BURST = 40.0
"""The number of calls that a session may send at full speed."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class CoveSettings:
    """The login. `partner` is exactly the name that the console shows, such as `Acme MSP (bob@acme.example)` [docs]."""

    name: str
    url: str
    partner: str
    username: str
    password: str = field(repr=False)
    columns: Columns = NO_COLUMNS
    """The columns that meters use."""


def check_settings(settings: CoveSettings) -> None:
    """Raise `SourceError` if a part of the login is empty or not UTF-8. JSON can only contain UTF-8."""
    for name in ("partner", "username", "password"):
        value: str = getattr(settings, name)
        try:
            value.encode()
        except UnicodeEncodeError:
            problem = "is not UTF-8"
        else:
            if value:
                continue
            problem = "is empty"
        raise SourceError(f"{name} {problem}", where=f"usage source {settings.name}", advice="set it again")


class CoveSession:
    """A session with the console. It uses its visa for one call at a time."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        settings: CoveSettings,
        *,
        sleep: Sleep,
        clock: Clock,
        limits: Limits = LIMITS,
    ) -> None:
        self._client = client
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        self._limits = limits
        self._where = f"usage source {settings.name}, {redacted(settings.url)}"
        self._lock = asyncio.Lock()
        self._visa: str | None = None
        self._visa_at = 0.0
        self._allowance = BURST
        self._counted_at = clock()

    def where(self, method: str) -> str:
        """Return the place of an error for messages: the source, its URL and the method."""
        return f"{self._where} {method}"

    async def log_in(self) -> int:
        """Log in and return the id of the user's partner, which is the root of the partners that the user can see."""
        async with self._lock:
            return await self._log_in()

    async def _log_in(self) -> int:
        settings = self._settings
        params = {"partner": settings.partner, "username": settings.username, "password": settings.password}
        login = await self._exchange("Login", params, visa=None)
        user = login.get("result")
        partner_id = id_number(user.get("PartnerId")) if isinstance(user, Mapping) else None
        if self._visa is None or partner_id is None:
            raise self._unexpected("Login", "neither a visa nor a PartnerId")
        return partner_id

    async def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """Send a call and return `result.result` of its response. Raises `SourceError` or `RpcError`."""
        async with self._lock:
            if self._visa is None or self._clock() - self._visa_at > VISA_MAX_AGE:
                await self._log_in()
            try:
                result = await self._exchange(method, params, visa=self._visa)
            except RpcError as error:
                if error.kind != "visa":
                    raise
                await self._log_in()
                result = await self._exchange(method, params, visa=self._visa)
        if "result" not in result:
            raise self._unexpected(method, "no result")
        return result["result"]

    async def download(self, url: str, name: str) -> bytes:
        """Return the content of a file of the console, which takes the visa as a bearer token [seen].

        `name` is that of the file, for messages. Raises `SourceError`.
        """
        async with self._lock:
            if self._visa is None or self._clock() - self._visa_at > VISA_MAX_AGE:
                await self._log_in()
            try:
                return await self._get(url, name)
            except UnauthorizedError:
                await self._log_in()
                return await self._get(url, name)

    async def _get(self, url: str, name: str) -> bytes:
        if not is_header_value(str(self._visa)):
            raise self._unexpected("Login", "a visa that a header cannot contain")
        await self._pace()
        return await send(
            self._client,
            "GET",
            url,
            source=self._settings.name,
            sleep=self._sleep,
            headers={"Authorization": f"Bearer {self._visa}"},
            limits=self._limits,
            call=name,
        )

    async def _exchange(self, method: str, params: Mapping[str, Any], visa: str | None) -> Mapping[str, Any]:
        """Send one call, keep the visa of its response, and return the `result` member."""
        request: dict[str, Any] = {"jsonrpc": "2.0", "id": "1", "method": method, "params": params}
        if visa is not None:
            request["visa"] = visa
        if method == "Login":
            self._visa = None
        await self._pace()
        began = self._clock()
        response = await self._response(method, msgspec.json.encode(request), visa)
        fresh = response.get("visa")
        if isinstance(fresh, str) and fresh:
            self._visa, self._visa_at = fresh, began
        if response.get("error") is not None:
            error = _without_secrets(response["error"], self._secrets(visa))
            raise rpc_error(method, error, self.where(method))
        result = response.get("result")
        if not isinstance(result, Mapping):
            raise self._unexpected(method, "neither a result nor an error")
        return result

    async def _response(self, method: str, content: bytes, visa: str | None) -> Mapping[str, Any]:
        """Send a request and return the JSON object of its response.

        A response that is not a complete JSON object is requested again, `GARBLED_ATTEMPTS` times in total.
        """
        for attempt in range(GARBLED_ATTEMPTS):
            if attempt:
                await self._sleep(FIRST_WAIT * 2 ** (attempt - 1))
            body = await send(
                self._client,
                "POST",
                self._settings.url,
                source=self._settings.name,
                sleep=self._sleep,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                content=content,
                limits=self._limits,
                call=method,
            )
            body = body.removeprefix(b"\xef\xbb\xbf")  # a byte order mark; servers on Windows may send one
            is_web_page = body.lstrip()[:1] == b"<"
            if is_web_page:
                continue
            try:
                response = _decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                problem = f"is not complete JSON, {GARBLED_ATTEMPTS} times in a row: {error}"
                continue
            if isinstance(response, Mapping):
                return response
            problem = f"is not a JSON object, {GARBLED_ATTEMPTS} times in a row"
        if is_web_page:
            raise SourceError(
                f"the response was a web page instead of JSON, {GARBLED_ATTEMPTS} times in a row",
                where=self.where(method),
                advice="check the address, which ends in /jsonapi; a proxy or sign-in page may have responded instead",
            )
        raise SourceError(
            self._secrets(visa).scrub(f"the response to {method} {problem}"),
            where=self.where(method),
            advice="try again; if it happens again, look for a proxy that cuts off long responses",
        )

    async def _pace(self) -> None:
        """Wait until the rate allows another call, and count it."""
        now = self._clock()
        self._allowance = min(BURST, self._allowance + (now - self._counted_at) * CALLS_PER_SECOND)
        self._counted_at = now
        if self._allowance < 1:
            await self._sleep((1 - self._allowance) / CALLS_PER_SECOND)
            self._allowance = 1
            self._counted_at = self._clock()
        self._allowance -= 1

    def _unexpected(self, method: str, content: str) -> SourceError:
        return SourceError(
            f"the response to {method} contains {content}",
            where=self.where(method),
            advice="check that the address is the console's JSON-RPC API: it ends in /jsonapi",
        )

    def _secrets(self, visa: str | None) -> Secrets:
        return secrets_of(self._settings.password, visa, self._visa)


def _without_secrets(error: Any, secrets: Secrets) -> Any:
    """Return an error of the console without secrets, in all of its texts."""
    if isinstance(error, str):
        return secrets.scrub(error)
    if isinstance(error, Mapping):
        return {secrets.scrub(name): _without_secrets(value, secrets) for name, value in error.items()}
    return [_without_secrets(each, secrets) for each in error] if isinstance(error, list) else error


def id_number(value: Any) -> int | None:
    """Return an id from a whole number or from digits. None for any other value."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
