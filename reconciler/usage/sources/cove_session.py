"""A session with the backup console: JSON-RPC over HTTPS, one call at a time, with the newest visa.

    Login ─▶ visa ─▶ call ─▶ newer visa ─▶ call …      1701: log in again, once; 2100: never again

A visa lives 15 minutes, and every answer brings a fresh one [docs, seen]. Errors come with HTTP 200 and are told
apart by `error.data` [seen]. All calls read, so that each may be repeated after a lost answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from reconciler.usage.errors import SourceError
from reconciler.usage.sources.http import FIRST_WAIT, send
from reconciler.usage.sources.pulling import Clock, Sleep, shown

VISA_EXPIRED = 1701
BAD_CREDENTIALS = 2100
NOT_ALLOWED = 13501

VISA_MAX_AGE = 14 * 60.0
"""Seconds after which a visa is not trusted to last another call; it lives 15 minutes."""

CALLS_PER_SECOND = 4.0
BURST = 40.0
"""No limit is published; clients hold to about 4 calls a second [seen]. A short run may go faster."""

GARBLED_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class CoveSettings:
    """How to log in. `partner` is the exact display string, as in `Acme MSP (bob@acme.example)` [docs]."""

    name: str
    url: str
    partner: str
    username: str
    password: str = field(repr=False)


class RpcError(SourceError):
    """The console's own refusal; `data` is what to branch on [seen]."""

    def __init__(self, what: str, data: int | None, *, where: str, advice: str) -> None:
        super().__init__(what, where=where, advice=advice)
        self.data = data


class CoveSession:
    """One login, its visa, and its calls in a row: a visa is used by one call at a time."""

    def __init__(self, client: httpx.AsyncClient, settings: CoveSettings, *, sleep: Sleep, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._sleep = sleep
        self._clock = clock
        self._where = f"usage source {settings.name}, {shown(settings.url)}"
        self._visa: str | None = None
        self._visa_at = 0.0
        self._allowance = BURST
        self._counted_at = clock()

    async def log_in(self) -> int:
        """Log in, and return the partner that the user belongs to: the root of what it may see."""
        settings = self._settings
        params = {"partner": settings.partner, "username": settings.username, "password": settings.password}
        answer = await self._exchange("Login", params, visa=None)
        user = answer.get("result")
        partner_id = user.get("PartnerId") if isinstance(user, Mapping) else None
        if self._visa is None or isinstance(partner_id, bool) or not isinstance(partner_id, int):
            raise self._strange("Login", "neither a visa nor a PartnerId")
        return partner_id

    async def call(self, method: str, params: Mapping[str, Any]) -> Any:
        """The `result.result` of a call."""
        if self._visa is None or self._clock() - self._visa_at > VISA_MAX_AGE:
            await self.log_in()
        try:
            answer = await self._exchange(method, params, visa=self._visa)
        except RpcError as error:
            if error.data != VISA_EXPIRED:
                raise
            await self.log_in()
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
        answer = await self._answer(method, msgspec.json.encode(request))
        fresh = answer.get("visa")
        if isinstance(fresh, str) and fresh:
            self._visa, self._visa_at = fresh, began
        if answer.get("error") is not None:
            raise self._refusal(method, params, answer["error"])
        result = answer.get("result")
        if not isinstance(result, Mapping):
            raise self._strange(method, "neither a result nor an error")
        return result

    async def _answer(self, method: str, content: bytes) -> Mapping[str, Any]:
        """The answer's JSON object; one that was cut off is asked for again."""
        problem = ""
        for attempt in range(GARBLED_ATTEMPTS):
            response = await send(
                self._client,
                "POST",
                self._settings.url,
                source=self._settings.name,
                sleep=self._sleep,
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                content=content,
            )
            if response.content.lstrip()[:1] == b"<":
                raise SourceError(
                    "a web page came instead of the console's JSON",
                    where=self._where,
                    advice="a proxy or a sign-in page stands in between, or the address is wrong: it ends in /jsonapi",
                )
            try:
                answer = msgspec.json.decode(response.content)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                problem = str(error)
                if attempt < GARBLED_ATTEMPTS - 1:
                    await self._sleep(FIRST_WAIT * 2**attempt)
                continue
            if isinstance(answer, Mapping):
                return answer
            raise self._strange(method, "no JSON object")
        raise SourceError(
            f"the answer to {method} is not whole JSON, {GARBLED_ATTEMPTS} times: {problem}",
            where=self._where,
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

    def _refusal(self, method: str, params: Mapping[str, Any], error: Any) -> RpcError:
        told = error if isinstance(error, Mapping) else {"message": str(error)}
        data = told.get("data")
        said = self._without_secrets(str(told.get("message", "no message")))
        known = data if isinstance(data, int) and not isinstance(data, bool) else None
        what = f"the console refused {method}: {said} (code {told.get('code')}, data {data})"
        match known:
            case int() if known == BAD_CREDENTIALS:
                advice = (
                    "check partner (the display string exactly as the console shows it), username and token; "
                    "do not try again and again: the account may be locked"
                )
            case int() if known == NOT_ALLOWED:
                query = params.get("query")
                columns = query.get("Columns") if isinstance(query, Mapping) else None
                advice = "give the API user a role that may call it"
                if columns:
                    advice += f" and read the columns {', '.join(columns)}: one that it may not read fails them all"
            case int() if known == VISA_EXPIRED:
                advice = "the session ended again right after a new login; check this machine's clock and try again"
            case _:
                advice = "look the message up in the console's documentation, or try again later"
        return RpcError(what, known, where=self._where, advice=advice)

    def _strange(self, method: str, lack: str) -> SourceError:
        return SourceError(
            f"the answer to {method} holds {lack}",
            where=self._where,
            advice="check that the address is the console's JSON-RPC API: it ends in /jsonapi",
        )

    def _without_secrets(self, text: str) -> str:
        for secret in (self._settings.password, self._visa):
            if secret:
                text = text.replace(secret, "***")
        return text
