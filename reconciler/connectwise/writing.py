"""POST, PATCH and DELETE: every write is sent once, and what ConnectWise stored is compared with what was sent.

ConnectWise has no idempotency key [spec], so a POST must not simply be repeated. When the response to a POST is lost,
`create` looks the object up by its natural key first, and sends the POST again only when the object does not exist.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.connectwise.checks import ResponseChecks
from reconciler.connectwise.error_responses import is_missing_route, requires_custom_fields
from reconciler.connectwise.errors import (
    Conflict,
    ConnectWiseError,
    Invalid,
    NotFound,
    NotJson,
    NotStored,
    Redirected,
    ServerFailed,
    StateUnknown,
    Unreachable,
)
from reconciler.connectwise.retries import MAX_TRIES
from reconciler.connectwise.session import Session

LOST = (Unreachable, ServerFailed, NotJson)
"""After one of these errors, the server may have carried out the write."""

Lookup = Callable[[], Awaitable[dict[str, Any] | None]]
"""Finds the object by its natural key; None if it does not exist."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A field whose stored value is not the value that was sent."""

    field: str
    sent: Any
    stored: Any


ReadBack = Callable[[Mapping[str, Any]], Sequence[Mismatch]]
"""Compares the stored object with the sent values. The caller supplies it, because it depends on the kind which values
count as the same."""


async def create(
    session: Session,
    shapes: ResponseChecks,
    path: str,
    body: Mapping[str, Any],
    *,
    lookup: Lookup,
    read_back: ReadBack,
    write_only: Collection[str],
) -> dict[str, Any]:
    """POST an object and return it as stored; see `ConnectWise.create`."""
    tries = 0
    while True:
        failure: ConnectWiseError
        try:
            hidden = hidden_values(body, write_only)
            shape = shapes.of_object(path, "POST")
            response = await session.send("POST", path, body=body, repeat=False, hidden=hidden, check=shape)
            if not session.is_other_host(response.headers.get("location", "")):
                return await _confirmed(session, shapes, "POST", path, response.body, read_back)
            tries, failure = MAX_TRIES, _created_elsewhere(path, response.status)
        except LOST as lost:
            tries, failure = tries + 1, lost
            # A slow server may finish the request after the timeout. Wait before the lookup, so that it can.
            await session.back_off(tries)
        except Redirected as redirected:
            # A proxy can turn the response into a redirect after the server carried out the request [seen].
            tries, failure = MAX_TRIES, redirected
            await session.back_off(1)
        except (Invalid, Conflict) as refused:
            # After a lost response, a refusal can mean that the first POST did arrive, but after the lookup.
            if tries == 0:
                raise
            tries, failure = MAX_TRIES, refused
        found = await _look_up(lookup, path, failure)
        if found is not None:
            return checked("POST", path, found, read_back)
        if tries >= MAX_TRIES:
            raise failure


def _created_elsewhere(path: str, status: int) -> StateUnknown:
    return StateUnknown(
        "the response says that the object was created on another host, and the object is not in ConnectWise",
        method="POST",
        endpoint=path,
        status=status,
        advice="A proxy may be in front of ConnectWise. Run again: the run looks the object up before it creates one.",
    )


async def patch(
    session: Session,
    shapes: ResponseChecks,
    path: str,
    values: Mapping[str, Any],
    *,
    read_back: ReadBack,
    write_only: Collection[str],
) -> dict[str, Any]:
    """PATCH fields, replacing the whole value of each, and return the object as stored; see `ConnectWise.patch`."""
    for key in values:
        if "/" in key:
            raise ValueError(
                f"{key!r} is a sub-path: ConnectWise can answer 200 and store nothing; replace the whole reference"
            )
    operations = [{"op": "replace", "path": key, "value": value} for key, value in values.items()]
    hidden = hidden_values(values, write_only)

    async def send(operations: list[dict[str, Any]]) -> dict[str, Any]:
        try:
            response = await session.send("PATCH", path, body=operations, hidden=hidden)
        except (Redirected, NotJson) as unclear:
            # A proxy can send a redirect [seen] or a page after the server carried out the PATCH.
            try:
                return checked("PATCH", path, await _stored(session, shapes, path), read_back)
            except ConnectWiseError:
                raise unclear from None
        if not _is_object(shapes, path, response.body):
            return checked("PATCH", path, await _stored(session, shapes, path), read_back)
        return await _confirmed(session, shapes, "PATCH", path, response.body, read_back)

    try:
        return await send(operations)
    except Invalid as refused:
        if "customFields" in values or not requires_custom_fields(refused):
            raise
    # An empty list clears nothing: custom fields that are not in it keep their values [seen].
    return await send([*operations, {"op": "replace", "path": "customFields", "value": []}])


def _is_object(shapes: ResponseChecks, path: str, body: Any) -> bool:
    """Return whether the response to a PATCH is the object. Some responses are empty, `{}` or a list [guess]."""
    try:
        shapes.of_object(path, "PATCH")(body)
    except NotJson:
        return False
    return True


async def _confirmed(
    session: Session, shapes: ResponseChecks, method: str, path: str, returned: Any, read_back: ReadBack
) -> dict[str, Any]:
    """Return the object of the response, if it holds the sent values.

    When it does not, the object is read again and decides: a response can hold less than was stored.
    """
    try:
        return checked(method, path, returned, read_back)
    except NotStored as error:
        if method == "POST" and error.id is None:
            raise
        where = path if method == "PATCH" else f"{path.rstrip('/')}/{error.id}"
        try:
            return checked(method, path, await _stored(session, shapes, where), read_back)
        except NotStored:
            raise
        except ConnectWiseError:
            raise error from None


async def _stored(session: Session, shapes: ResponseChecks, path: str) -> Any:
    """Return the object as it is now."""
    return (await session.send("GET", path, check=shapes.of_object(path))).body


async def delete(session: Session, path: str) -> None:
    """DELETE an object. A 404 for the object counts as success: an earlier try may have deleted it."""
    try:
        await session.send("DELETE", path)
    except NotFound as error:
        if is_missing_route(error):
            raise


def checked(method: str, path: str, returned: Any, read_back: ReadBack) -> dict[str, Any]:
    """Return the object of a response, if it holds the sent values.

    Raises `NotStored` when `read_back` finds a mismatch, and `NotJson` when the response is not an object.
    """
    if not isinstance(returned, dict):
        raise NotJson(
            "the response to a write is not the written object",
            method=method,
            endpoint=path,
            advice="The change may or may not have been stored. Run again: the run checks before it writes.",
        )
    mismatches = read_back(returned)
    if mismatches:
        object_id = returned.get("id")
        raise NotStored(
            "ConnectWise reported success, but " + "; ".join(map(_sentence, mismatches)),
            method=method,
            endpoint=path,
            object_id=object_id if isinstance(object_id, int) else None,
            stored=returned,
            advice="The field may be read-only, computed, or changed by a workflow rule. Set it in ConnectWise, "
            "or leave it out of the manifest.",
        )
    return returned


def hidden_values(body: Mapping[str, Any], write_only: Collection[str]) -> tuple[str, ...]:
    """Return the values of write-only fields, which no message may show."""
    return tuple(value for key, value in body.items() if key in write_only and isinstance(value, str) and value)


def _sentence(mismatch: Mismatch) -> str:
    return f"{mismatch.field} is {_as_text(mismatch.stored)} instead of {_as_text(mismatch.sent)}"


def _as_text(value: Any) -> str:
    """Return a value as JSON; None is `empty`."""
    return "empty" if value is None else json.dumps(value, ensure_ascii=False, default=str)


async def _look_up(lookup: Lookup, path: str, lost: ConnectWiseError) -> dict[str, Any] | None:
    try:
        return await lookup()
    except ConnectWiseError as failed:
        raise StateUnknown(
            f"there was no usable response ({lost.what}), and the lookup after it failed ({failed.what})",
            method="POST",
            endpoint=path,
            status=lost.status,
            advice="The object may or may not exist now. Run again: the run looks it up before it creates one.",
        ) from failed
