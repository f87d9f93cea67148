"""Writes that are made once, and read back.

A POST is the one request that must not be repeated blindly: there is no idempotency key [spec]. So after an answer
that was lost, the object is looked up by its natural key before anything else, and the POST is sent again only when
it is not there.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise.checks import Checks
from reconciler.connectwise.errors import (
    Conflict,
    ConnectWiseError,
    Invalid,
    NotFound,
    NotJson,
    NotTaken,
    Redirected,
    ServerFailed,
    StateUnknown,
    Unreachable,
)
from reconciler.connectwise.refusals import is_missing_route, wants_custom_fields
from reconciler.connectwise.retrying import TRIES
from reconciler.connectwise.wire import Wire

LOST = (Unreachable, ServerFailed, NotJson)
"""After these a write may or may not have been carried out."""

Find = Callable[[], Awaitable[dict[str, Any] | None]]


@dataclass(frozen=True, slots=True)
class Untaken:
    """A field that holds something else than was asked for."""

    field: str
    asked: Any
    answered: Any


Check = Callable[[Mapping[str, Any]], Sequence[Untaken]]
"""The object that came back → the fields that did not take. The caller knows what its values mean."""


async def create(
    wire: Wire,
    shapes: Checks,
    path: str,
    body: Mapping[str, Any],
    *,
    find: Find,
    check: Check,
    unread: Collection[str],
) -> dict[str, Any]:
    """POST an object, once; see `ConnectWise.create`."""
    tries = 0
    while True:
        failure: ConnectWiseError
        try:
            hidden = hidden_values(body, unread)
            shape = shapes.of_object(path, "POST")
            answer = await wire.send("POST", path, body=body, repeat=False, hidden=hidden, check=shape)
            if not wire.is_elsewhere(answer.headers.get("location", "")):
                return await _confirmed(wire, shapes, "POST", path, answer.body, check)
            tries, failure = TRIES, _made_elsewhere(path, answer.status)
        except LOST as lost:
            tries, failure = tries + 1, lost
            # A server that was slow rather than dead may finish after we gave up; leave it the time to.
            await wire.breathe(tries)
        except Redirected as redirected:
            # It may have been carried out before the answer was turned into a redirect [seen].
            tries, failure = TRIES, redirected
            await wire.breathe(1)
        except (Invalid, Conflict) as refused:
            # After a lost answer the refusal may mean that the first try did arrive, only later than we looked.
            if tries == 0:
                raise
            tries, failure = TRIES, refused
        found = await _look_up(find, path, failure)
        if found is not None:
            return checked("POST", path, found, check)
        if tries >= TRIES:
            raise failure


def _made_elsewhere(path: str, status: int) -> StateUnknown:
    return StateUnknown(
        "ConnectWise said that it was made, at an address on another host, and it is not there",
        method="POST",
        endpoint=path,
        status=status,
        advice="A proxy may stand before ConnectWise. Run again: it is looked up first, and not made twice.",
    )


async def patch(
    wire: Wire, shapes: Checks, path: str, values: Mapping[str, Any], *, check: Check, unread: Collection[str]
) -> dict[str, Any]:
    """PATCH fields by replacing each whole; see `ConnectWise.patch`."""
    for key in values:
        if "/" in key:
            raise ValueError(f"{key!r} is a sub-path, which can answer a false 200; replace the whole reference")
    operations = [{"op": "replace", "path": key, "value": value} for key, value in values.items()]
    hidden = hidden_values(values, unread)

    async def send(operations: list[dict[str, Any]]) -> dict[str, Any]:
        try:
            answer = await wire.send("PATCH", path, body=operations, hidden=hidden)
        except (Redirected, NotJson) as unclear:
            # It may have been carried out before the answer was turned into a redirect [seen], or into a page.
            try:
                return checked("PATCH", path, await _stored(wire, shapes, path), check)
            except ConnectWiseError:
                raise unclear from None
        if not _is_object(shapes, path, answer.body):
            return checked("PATCH", path, await _stored(wire, shapes, path), check)
        return await _confirmed(wire, shapes, "PATCH", path, answer.body, check)

    try:
        return await send(operations)
    except Invalid as refused:
        if "customFields" in values or not wants_custom_fields(refused):
            raise
    # It clears nothing: an entry that is left out keeps its value [seen].
    return await send([*operations, {"op": "replace", "path": "customFields", "value": []}])


def _is_object(shapes: Checks, path: str, body: Any) -> bool:
    """Whether the answer to a PATCH is the object. Some are empty, `{}` or a list [guess]."""
    try:
        shapes.of_object(path, "PATCH")(body)
    except NotJson:
        return False
    return True


async def _confirmed(wire: Wire, shapes: Checks, method: str, path: str, answered: Any, check: Check) -> dict[str, Any]:
    """The answered object, when it holds what was asked. Where it does not, the object as it stands decides: an answer
    can hold less than was stored."""
    try:
        return checked(method, path, answered, check)
    except NotTaken as missed:
        if method == "POST" and missed.id is None:
            raise
        where = path if method == "PATCH" else f"{path.rstrip('/')}/{missed.id}"
        try:
            return checked(method, path, await _stored(wire, shapes, where), check)
        except NotTaken:
            raise
        except ConnectWiseError:
            raise missed from None


async def _stored(wire: Wire, shapes: Checks, path: str) -> Any:
    """The object as it stands now, where the answer to a write does not hold it."""
    return (await wire.send("GET", path, check=shapes.of_object(path))).body


async def delete(wire: Wire, path: str) -> None:
    """DELETE an object. One that is not there is deleted already, perhaps by a try whose answer was lost."""
    try:
        await wire.send("DELETE", path)
    except NotFound as error:
        if is_missing_route(error):
            raise


def checked(method: str, path: str, answered: Any, check: Check) -> dict[str, Any]:
    """The answered object, when it holds what was asked. Raises `NotTaken`, or `NotJson` when it is no object."""
    if not isinstance(answered, dict):
        raise NotJson(
            "the answer to a write is not the object that was written",
            method=method,
            endpoint=path,
            advice="Whether it took is not known; run again, which looks first.",
        )
    missed = check(answered)
    if missed:
        object_id = answered.get("id")
        raise NotTaken(
            "ConnectWise said yes, but " + "; ".join(map(_sentence, missed)),
            method=method,
            endpoint=path,
            object_id=object_id if isinstance(object_id, int) else None,
            stored=answered,
            advice="The field may be read-only, computed, or changed by a workflow rule; set it in ConnectWise, "
            "or leave it out of the manifest.",
        )
    return answered


def hidden_values(body: Mapping[str, Any], unread: Collection[str]) -> tuple[str, ...]:
    """The values of write-only fields, which no message may repeat."""
    return tuple(value for key, value in body.items() if key in unread and isinstance(value, str) and value)


def _sentence(missed: Untaken) -> str:
    return f"{missed.field} is {_told(missed.answered)} where {_told(missed.asked)} was asked for"


def _told(value: Any) -> str:
    """A value as JSON has it; what is not there is empty."""
    return "empty" if value is None else json.dumps(value, ensure_ascii=False, default=str)


async def _look_up(find: Find, path: str, lost: ConnectWiseError) -> dict[str, Any] | None:
    try:
        return await find()
    except ConnectWiseError as failed:
        raise StateUnknown(
            f"the answer was lost ({lost.what}), and the look-up after it failed ({failed.what})",
            method="POST",
            endpoint=path,
            status=lost.status,
            advice="It may or may not have been made. Run again: it is looked up first, and not made twice.",
        ) from failed
