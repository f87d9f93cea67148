"""One action carried out: intent into the journal, request, answer into the journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from reconciler.applying.read_back import read_back_fields
from reconciler.applying.requests import ReadSecret, Request, request_of, values_of
from reconciler.applying.subcollections import write_subcollections
from reconciler.connectwise import ConnectWise
from reconciler.connectwise.errors import Conflict, ConnectWiseError, Invalid, NotStored, StateUnknown
from reconciler.connectwise.writing import LOST, checked
from reconciler.errors import ReconcilerError
from reconciler.kinds.field_mapping import Tables
from reconciler.kinds.registry import kind
from reconciler.ledger.errors import LedgerError, LostLease
from reconciler.ledger.journal import write_answer, write_intent
from reconciler.ledger.lease import Lease
from reconciler.ledger.store import Ledger
from reconciler.live.conflicts import explain_conflict, is_already_exists
from reconciler.live.lookup import lookup_by_key, stores_other_name
from reconciler.planning.outcome import Result, Status
from reconciler.planning.plan import Action


@dataclass(slots=True)
class RunContext:
    """What every action of one run shares. `ids` grows as objects are made."""

    client: ConnectWise
    ledger: Ledger
    lease: Lease
    run_id: int
    clock: Callable[[], datetime]
    secret: ReadSecret
    tables: Tables
    ids: dict[str, int] = field(default_factory=dict)
    begun: Collection[str] = ()
    """Addresses of creates whose object an earlier run made, and whose collections below it are not finished."""
    sent: set[str] = field(default_factory=set)
    """Addresses of which something may have been sent."""


class Unnoted(LedgerError):  # noqa: N818  (a name says what happened, as those of connectwise.errors do)
    """The ledger failed in the middle of a write: the next run looks the object up."""


async def carry_out(action: Action, run: RunContext) -> Result:
    """Carries one action out. Never raises for what ConnectWise or the ledger say: the result tells."""
    try:
        await _write(action, run)
    except LostLease as error:
        return _result(action, run, "unknown" if action.address in run.sent else "skipped", str(error))
    except (StateUnknown, Unnoted) as error:
        return _result(action, run, "unknown", str(error))
    except (ReconcilerError, ValueError) as error:
        return _result(action, run, "failed", str(error))
    return _result(action, run, "done")


def _result(action: Action, run: RunContext, status: Status, detail: str = "") -> Result:
    """With the object's id where there is one by now, were it only half as it should be."""
    return Result(
        address=action.address,
        action=action.action,
        status=status,
        id=run.ids.get(action.address, action.id),
        detail=detail,
    )


async def _write(action: Action, run: RunContext) -> None:
    of = kind(action.kind)
    request = request_of(action, run.ids, run.tables, run.secret)
    client = run.client
    named = {name: value for name, value in request.sent.items() if of.may_be_stored_differently(name)}
    check = read_back_fields(of, {name: value for name, value in request.sent.items() if name not in named})

    async def find() -> dict[str, Any] | None:
        return await lookup_by_key(client, of, values_of(action, run.ids))

    async def post() -> dict[str, Any]:
        try:
            made = await client.create(
                request.path, request.body, lookup=find, read_back=check, write_only=of.write_only
            )
        except (Invalid, Conflict) as refused:
            if not is_already_exists(refused):
                raise
            raise await explain_conflict(client, of, values_of(action, run.ids), refused) from refused
        return await confirmed(made)

    async def patch() -> dict[str, Any]:
        return await confirmed(
            await client.patch(request.path, request.body, read_back=check, write_only=of.write_only)
        )

    async def confirmed(answer: dict[str, Any]) -> dict[str, Any]:
        """Return the response, once also the fields that ConnectWise may name differently were stored."""
        mismatches = read_back_fields(of, named)(answer)
        if mismatches and not await stores_other_name(client, of, values_of(action, run.ids), answer):
            checked(request.method, request.path, answer, lambda _answer: mismatches)
        return answer

    if action.id is not None:
        run.ids[action.address] = action.id
    if request.body and action.address not in run.begun:
        answer = await _journalled(action, run, request, post if request.method == "POST" else patch)
        run.ids[action.address] = int(answer["id"])
    for writes in request.subcollections:

        async def noted(method: str, path: str, body: Any, write: Callable[[], Awaitable[Any]]) -> Any:
            child = Request("PATCH" if method == "PATCH" else "POST", path, body or {}, {})
            return await _journalled(action, run, child, write, method=method, address=f"{action.address}#{path}")

        await write_subcollections(client, writes, run.ids[action.address], run.tables, noted)


async def _journalled(
    action: Action,
    run: RunContext,
    request: Request,
    write: Callable[[], Awaitable[Any]],
    *,
    method: str | None = None,
    address: str | None = None,
) -> Any:
    """The intent is durable before anything is sent, so that a run that dies here is settled by the next."""
    method = method or request.method
    intent = write_intent(
        run.ledger,
        run.run_id,
        address or action.address,
        method=method,
        path=request.path,
        body=request.journalled,
        natural_key=request.natural_key,
        now=run.clock(),
        lease=run.lease,
    )
    run.sent.add(action.address)

    def note(state: Literal["done", "failed", "unknown"], object_id: int | None = None, **more: Any) -> None:
        try:
            write_answer(run.ledger, intent, state, object_id=object_id, now=run.clock(), **more)
        except LedgerError as error:
            raise Unnoted(
                f"ConnectWise has answered ({state}), but that could not be noted: {error.what}",
                where=error.where,
                advice="Mend the ledger and run again: the object is looked up first, and not made twice.",
            ) from error

    try:
        answer = await write()
        object_id = _id_of(answer, method, request.path)
    except StateUnknown as error:
        note("unknown", getattr(error, "id", None), error=str(error))
        raise
    except LostLease:
        raise  # the intent stays open: whoever holds the lock now settles it
    except LedgerError as error:  # the lock could not be confirmed before a request left, perhaps not the first one
        raise Unnoted(error.what, where=error.where, advice=error.advice) from error
    except LOST as error:
        # A POST was looked up after each lost answer, and is not there. Of the others nobody has looked.
        note("failed" if method == "POST" else "unknown", error=str(error))
        raise error if method == "POST" else _unknown(error) from error
    except NotStored as error:
        if address is None and error.id is not None:
            run.ids[action.address] = error.id
        note("failed", error.id, error=str(error), answer=_told(request, error.stored or {}))
        raise
    except ConnectWiseError as error:
        note("failed", error=str(error))
        raise
    note("done", object_id, answer=None if answer is None else _told(request, answer))
    return answer


def _id_of(answer: Any, method: str, path: str) -> int | None:
    """The id of what was written; None for what was deleted."""
    if method == "DELETE":
        return None
    object_id = answer.get("id")
    if isinstance(object_id, int):
        return object_id
    raise StateUnknown(
        "the answer holds no id",
        method=method,
        endpoint=path,
        advice="Whether it took is not known. Run again: it is looked up first, and not made twice.",
    )


def _unknown(lost: ConnectWiseError) -> StateUnknown:
    return StateUnknown(
        lost.what,
        method=lost.method,
        endpoint=lost.endpoint,
        status=lost.status,
        advice="It may or may not have taken. Run again: it is looked at first, and done once.",
    )


def _told(request: Request, answer: Mapping[str, Any]) -> dict[str, Any]:
    """What came back of the fields that were sent; a server that repeats a secret does not bring it in here."""
    names = [name for name in request.journalled if name not in request.sensitive]
    return {name: answer.get(name) for name in (*names, "_info")}
