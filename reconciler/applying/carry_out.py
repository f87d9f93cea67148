"""One action carried out: intent into the journal, request, answer into the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from reconciler.applying.children import write_children
from reconciler.applying.find import find_by_key
from reconciler.applying.outcome import Result
from reconciler.applying.requests import ReadSecret, Request, request_of, values_of
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.errors import ConnectWiseError, NotTaken, StateUnknown
from reconciler.errors import ReconcilerError
from reconciler.kinds.forms import Tables
from reconciler.kinds.registry import kind
from reconciler.ledger.journal import write_answer, write_intent
from reconciler.ledger.store import Ledger
from reconciler.planning.plan import Action


@dataclass(slots=True)
class Workbench:
    """What every action of one run shares. `ids` grows as objects are made."""

    client: ConnectWise
    ledger: Ledger
    run_id: int
    clock: Callable[[], datetime]
    secret: ReadSecret
    tables: Tables
    ids: dict[str, int] = field(default_factory=dict)


async def carry_out(action: Action, bench: Workbench) -> Result:
    """Carries one action out. Never raises for what ConnectWise says: the result tells."""
    try:
        object_id = await _write(action, bench)
    except StateUnknown as error:
        return Result(address=action.address, action=action.action, status="unknown", detail=str(error))
    except (ReconcilerError, ValueError) as error:
        return Result(address=action.address, action=action.action, status="failed", id=action.id, detail=str(error))
    bench.ids[action.address] = object_id
    return Result(address=action.address, action=action.action, status="done", id=object_id)


async def _write(action: Action, bench: Workbench) -> int:
    of = kind(action.kind)
    request = request_of(action, bench.ids, bench.tables, bench.secret)
    client = bench.client

    async def find() -> dict[str, Any] | None:
        return await find_by_key(client, of, request.path, values_of(action, bench.ids))

    async def post() -> dict[str, Any]:
        return await client.create(request.path, request.body, find=find, unread=of.unread)

    async def patch() -> dict[str, Any]:
        return await client.patch(request.path, request.body, unread=of.unread)

    object_id = action.id
    if request.body:
        answer = await _journalled(action, bench, request, post if request.method == "POST" else patch)
        object_id = int(answer["id"])
    if object_id is None:
        raise ValueError(f"{action.address}: nothing to send")
    for writes in request.children:

        async def noted(method: str, path: str, body: Any, write: Callable[[], Awaitable[Any]]) -> Any:
            child = Request("PATCH" if method == "PATCH" else "POST", path, body or {}, {})
            return await _journalled(action, bench, child, write, method=method, address=f"{action.address}#{path}")

        await write_children(client, writes, object_id, bench.tables, noted)
    return object_id


async def _journalled(
    action: Action,
    bench: Workbench,
    request: Request,
    write: Callable[[], Awaitable[Any]],
    *,
    method: str | None = None,
    address: str | None = None,
) -> Any:
    """The intent is durable before anything is sent, so that a run that dies here is settled by the next."""
    intent = write_intent(
        bench.ledger,
        bench.run_id,
        address or action.address,
        method=method or request.method,
        path=request.path,
        body=request.journalled,
        natural_key=request.natural_key,
        now=bench.clock(),
    )
    try:
        answer = await write()
    except StateUnknown as error:
        write_answer(bench.ledger, intent, "unknown", error=str(error), now=bench.clock())
        raise
    except NotTaken as error:
        write_answer(bench.ledger, intent, "failed", object_id=error.object_id, error=str(error), now=bench.clock())
        raise
    except ConnectWiseError as error:
        write_answer(bench.ledger, intent, "failed", error=str(error), now=bench.clock())
        raise
    read_back = answer if isinstance(answer, dict) else None
    write_answer(
        bench.ledger,
        intent,
        "done",
        object_id=None if read_back is None else int(read_back["id"]),
        answer=None if read_back is None else {key: read_back.get(key) for key in (*request.journalled, "_info")},
        now=bench.clock(),
    )
    return answer
