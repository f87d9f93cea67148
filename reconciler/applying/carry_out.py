"""Carries out one action: records the intent in the ledger, sends the request, and records the response."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from reconciler.applying.read_back import read_back_fields
from reconciler.applying.recorded_changes import recorded_changes
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
from reconciler.planning.action import Action
from reconciler.planning.outcome import Result, Status


@dataclass(slots=True)
class RunContext:
    """What the actions of one run share."""

    client: ConnectWise
    ledger: Ledger
    lease: Lease
    run_id: int
    clock: Callable[[], datetime]
    secret: ReadSecret
    tables: Tables
    ids: dict[str, int] = field(default_factory=dict)
    """By address: the ids of the objects that exist now. Grows as objects are created."""
    begun: Collection[str] = ()
    """Addresses of objects that an earlier run created, but whose subcollections are not finished."""
    sent: set[str] = field(default_factory=set)
    """Addresses for which this run may have sent a request."""


class NotRecorded(LedgerError):  # noqa: N818  (named after what happened, as the errors of connectwise.errors are)
    """The ledger failed during a write. The next run looks the object up."""


async def carry_out(action: Action, run: RunContext) -> Result:
    """Carry out one action and return its result. An error of ConnectWise or of the ledger is part of the result."""
    try:
        await _write(action, run)
    except LostLease as error:
        return _result(action, run, "unknown" if action.address in run.sent else "skipped", str(error))
    except (StateUnknown, NotRecorded) as error:
        return _result(action, run, "unknown", str(error))
    except (ReconcilerError, ValueError) as error:
        return _result(action, run, "failed", str(error))
    return _result(action, run, "done")


def _result(action: Action, run: RunContext, status: Status, detail: str = "") -> Result:
    """Return a result with the id of the object, if it exists, even if it is not complete."""
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
    renamable = {name: value for name, value in request.sent.items() if of.may_be_stored_differently(name)}
    check = read_back_fields(of, {name: value for name, value in request.sent.items() if name not in renamable})

    async def look_up() -> dict[str, Any] | None:
        return await lookup_by_key(client, of, values_of(action, run.ids), request.body)

    async def post() -> dict[str, Any]:
        try:
            created = await client.create(
                request.path, request.body, lookup=look_up, read_back=check, write_only=of.write_only
            )
        except (Invalid, Conflict) as refusal:
            if not is_already_exists(refusal):
                raise
            raise await explain_conflict(client, of, values_of(action, run.ids), refusal) from refusal
        return await check_names(created)

    async def patch() -> dict[str, Any]:
        return await check_names(
            await client.patch(request.path, request.body, read_back=check, write_only=of.write_only)
        )

    async def check_names(response: dict[str, Any]) -> dict[str, Any]:
        """Return the response. Raise `NotStored` if a field that ConnectWise may rename shows another object."""
        mismatches = read_back_fields(of, renamable)(response)
        if mismatches and not await stores_other_name(client, of, values_of(action, run.ids), response):
            checked(request.method, request.path, response, lambda _response: mismatches)
        return response

    if action.id is not None:
        run.ids[action.address] = action.id
    if request.method == "DELETE":
        await _send_recorded(action, run, request, lambda: client.delete(request.path))
        return
    if request.body and action.address not in run.begun:
        response = await _send_recorded(action, run, request, post if request.method == "POST" else patch)
        run.ids[action.address] = int(response["id"])
    for writes in request.subcollections:
        unrecorded = {writes.field}  # The first write of a field records its change.

        async def send(
            method: str, path: str, body: Any, write: Callable[[], Awaitable[Any]], fields: set[str] = unrecorded
        ) -> Any:
            recorded = frozenset(fields)
            fields.clear()
            child = Request("PATCH" if method == "PATCH" else "POST", path, body or {}, {}, fields=recorded)
            return await _send_recorded(action, run, child, write, method=method, address=f"{action.address}#{path}")

        await write_subcollections(client, writes, run.ids[action.address], run.tables, send)


async def _send_recorded(
    action: Action,
    run: RunContext,
    request: Request,
    write: Callable[[], Awaitable[Any]],
    *,
    method: str | None = None,
    address: str | None = None,
) -> Any:
    """Record the intent, call `write`, record the response, and return it.

    The intent is in the ledger before anything is sent, so that the next run recovers what this one leaves open.
    """
    method = method or request.method
    intent = write_intent(
        run.ledger,
        run.run_id,
        address or action.address,
        method=method,
        path=request.path,
        body=request.recorded_body,
        natural_key=request.natural_key,
        now=run.clock(),
        lease=run.lease,
        action=action.action,
        reason=action.reason,
        changes=recorded_changes(action, request.fields, run.ids),
    )
    run.sent.add(action.address)

    def record(state: Literal["done", "failed", "unknown"], object_id: int | None = None, **more: Any) -> None:
        try:
            write_answer(run.ledger, intent, state, object_id=object_id, now=run.clock(), **more)
        except LedgerError as error:
            raise NotRecorded(
                f"ConnectWise answered ({state}), but the response could not be recorded: {error.what}",
                where=error.where,
                advice="Repair the ledger and run again. The object is looked up first, so it is not created twice.",
            ) from error

    try:
        response = await write()
        object_id = _id_of(response, method, request.path)
    except StateUnknown as error:
        record("unknown", getattr(error, "id", None), error=str(error))
        raise
    except LostLease:
        raise  # the intent stays open, and the run that holds the lock now recovers it
    except LedgerError as error:  # the lock could not be confirmed before a request, perhaps not the first one
        raise NotRecorded(error.what, where=error.where, advice=error.advice) from error
    except LOST as error:
        # After a lost response to a POST, `create` found that the object does not exist. Other methods do not check.
        record("failed" if method == "POST" else "unknown", error=str(error))
        raise error if method == "POST" else _unknown(error) from error
    except NotStored as error:
        if address is None and error.id is not None:
            run.ids[action.address] = error.id
        record("failed", error.id, error=str(error), answer=_recorded_response(request, error.stored or {}))
        raise
    except ConnectWiseError as error:
        record("failed", error=str(error))
        raise
    record("done", object_id, answer=None if response is None else _recorded_response(request, response))
    return response


def _id_of(response: Any, method: str, path: str) -> int | None:
    """Return the id of the written object, or None for a deleted one."""
    if method == "DELETE":
        return None
    object_id = response.get("id")
    if isinstance(object_id, int):
        return object_id
    raise StateUnknown(
        "the response has no id",
        method=method,
        endpoint=path,
        advice="The change may or may not have been made. Run again: the object is looked up first, so it is not "
        "created twice.",
    )


def _unknown(lost: ConnectWiseError) -> StateUnknown:
    return StateUnknown(
        lost.what,
        method=lost.method,
        endpoint=lost.endpoint,
        status=lost.status,
        advice="The change may or may not have been made. Run again: the object is read first, and the change is made "
        "once.",
    )


def _recorded_response(request: Request, response: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a response for the ledger: those that were sent, without secrets."""
    names = [name for name in request.recorded_body if name not in request.sensitive]
    return {name: response.get(name) for name in (*names, "_info")}
