"""A session with the backup console: JSON-RPC over HTTPS, one call at a time, with the newest visa.

    Login ─▶ visa ─▶ call ─▶ newer visa ─▶ call …      visa expired: log in again, once; bad credentials: never again

A visa lives 15 minutes, and every answer brings a fresh one [docs, seen]. All calls read, so that each may be repeated
after a lost answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import httpx
import msgspec

from reconciler.http.scrubbing import Secrets
from reconciler.metering.sources.addresses import shown
from reconciler.metering.sources.cove_errors import RpcError, refusal
from reconciler.metering.sources.errors import SourceError
from reconciler.metering.sources.http import FIRST_WAIT, GARBLED_ATTEMPTS, LIMITS, Limits, send
from reconciler.metering.sources.pulling import Clock, Sleep, hidden

VISA_MAX_AGE = 14 * 60.0
"""Seconds after which a visa is not trusted to last another call; it lives 15 minutes."""

CALLS_PER_SECOND = 4.0
BURST = 40.0
"""No limit is published; clients hold to about 4 calls a second [seen]. A short run may go faster."""

_decode = msgspec.json.Decoder(float_hook=Decimal).decode


@dataclass(frozen=True, slots=True)
class CoveSettings:
    """How to log in. `partner` is the exact display string, as in `Acme MSP (bob@acme.example)` [docs]."""

    name: str
    url: str
    partner: str
    username: str
    password: str = field(repr=False)


def check_settings(settings: CoveSettings) -> None:
    """Refuse a login that cannot be sent: text that is not UTF-8 cannot be written as JSON."""
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
    """One login, its visa, and its calls in a row: a visa is used by one call at a time."""

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
        self._where = f"usage source {settings.name}, {shown(settings.url)}"
        self._one_at_a_time = asyncio.Lock()
        self._visa: str | None = None
        self._visa_at = 0.0
        self._allowance = BURST
        self._counted_at = clock()

    def where(self, method: str) -> str:
        """The place of an error: the source, its address, and the method that was called."""
        return f"{self._where} {method}"

    async def log_in(self) -> int:
        """Log in, and return the partner that the user belongs to: the root of what it may see."""
        async with self._one_at_a_time:
            return await self._log_in()

    async def _log_in(self) -> int:
        settings = self._settings
        params = {"partner": settings.partner, "username": settings.username, "password": settings.password}
        answer = await self._exchange("Login", params, visa=None)
        user = answer.get("result")
        partner_id = id_number(user.get("PartnerId")) if isinstance(user, Mapping) else None
        if self._visa is None or partner_id is None:
            raise self._strange("Login", "neither a visa nor a PartnerId")
        return partner_id

    async def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """The `result.result` of a call."""
        async with self._one_at_a_time:
            if self._visa is None or self._clock() - self._visa_at > VISA_MAX_AGE:
                await self._log_in()
            try:
                answer = await self._exchange(method, params, visa=self._visa)
            except RpcError as error:
                if error.kind != "visa":
                    raise
                await self._log_in()
                answer = await self._exchange(method, params, visa=self._visa)
        if "result" not in answer:
            raise self._strange(method, "no result")
        return answer["result"]

    async def _exchange(self, method: str, params: Mapping[str, Any], visa: str | None) -> Mapping[str, Any]:
        """One call and its answer: the members of `result`, after the visa beside it was kept."""
        request: dict[str, Any] = {"jsonrpc": "2.0", "id": "1", "method": method, "params": params}
        if visa is not None:
            request["visa"] = visa
        if method == "Login":
            self._visa = None
        await self._pace()
        began = self._clock()
        answer = await self._answer(method, msgspec.json.encode(request), visa)
        fresh = answer.get("visa")
        if isinstance(fresh, str) and fresh:
            self._visa, self._visa_at = fresh, began
        if answer.get("error") is not None:
            hidden = self._secrets(visa)
            error = _without_secrets(answer["error"], hidden)
            raise refusal(method, error, self.where(method))
        result = answer.get("result")
        if not isinstance(result, Mapping):
            raise self._strange(method, "neither a result nor an error")
        return result

    async def _answer(self, method: str, content: bytes, visa: str | None) -> Mapping[str, Any]:
        """The answer's JSON object; one that was cut off, or is none, is asked for again."""
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
                asks=method,
            )
            body = body.removeprefix(b"\xef\xbb\xbf")  # a byte order mark, which servers on Windows may send
            page = body.lstrip()[:1] == b"<"
            if page:
                continue
            try:
                answer = _decode(body)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                problem = f"is not whole JSON, {GARBLED_ATTEMPTS} times: {error}"
                continue
            if isinstance(answer, Mapping):
                return answer
            problem = f"holds no JSON object, {GARBLED_ATTEMPTS} times"
        if page:
            raise SourceError(
                f"a web page came instead of the console's JSON, {GARBLED_ATTEMPTS} times",
                where=self.where(method),
                advice="a proxy or a sign-in page stands in between, or the address is wrong: it ends in /jsonapi",
            )
        raise SourceError(
            self._secrets(visa).scrub(f"the answer to {method} {problem}"),
            where=self.where(method),
            advice="try again; if it stays, look for a proxy that cuts long answers off",
        )

    async def _pace(self) -> None:
        """Spend one call of what the rate allows, waiting where nothing is left."""
        now = self._clock()
        self._allowance = min(BURST, self._allowance + (now - self._counted_at) * CALLS_PER_SECOND)
        self._counted_at = now
        if self._allowance < 1:
            await self._sleep((1 - self._allowance) / CALLS_PER_SECOND)
            self._allowance = 1
            self._counted_at = self._clock()
        self._allowance -= 1

    def _strange(self, method: str, lack: str) -> SourceError:
        return SourceError(
            f"the answer to {method} holds {lack}",
            where=self.where(method),
            advice="check that the address is the console's JSON-RPC API: it ends in /jsonapi",
        )

    def _secrets(self, visa: str | None) -> Secrets:
        return hidden(self._settings.password, visa, self._visa)


def _without_secrets(error: Any, secrets: Secrets) -> Any:
    """An error as the console sent it, with no secret left in any text of it."""
    if isinstance(error, str):
        return secrets.scrub(error)
    if isinstance(error, Mapping):
        return {secrets.scrub(name): _without_secrets(value, secrets) for name, value in error.items()}
    return [_without_secrets(each, secrets) for each in error] if isinstance(error, list) else error


def id_number(value: Any) -> int | None:
    """An id: a whole number, or its digits as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
