"""A whole sandbox as one JSON file, so that both stand-ins go on tomorrow where they stood today.

Kept are the clock, the tenant's objects, the console's world and the settings; sessions, faults and the log of requests
are of the day. The file is written beside its name and then moved over it, so that a crash leaves the old one whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import msgspec

from reconciler.sandbox.connectwise.schema.fields import Field
from reconciler.sandbox.connectwise.schema.references import shape
from reconciler.sandbox.connectwise.schema.validation import Unfit
from reconciler.sandbox.connectwise.store import solutions
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.saved import WorldState, dump_world, load_world
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

FORMAT: Final = 1


class SavedStateError(ValueError):
    """A state file that cannot be read, in a sentence."""


class _SavedRow(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    parent: int | None
    data: dict[str, Any]
    secrets: dict[str, Any] = {}


class _SavedTable(msgspec.Struct, forbid_unknown_fields=True):
    next_id: int
    rows: list[_SavedRow]


class Saved(msgspec.Struct, forbid_unknown_fields=True):
    """What the file holds."""

    format_version: int
    now: datetime
    frozen: bool
    codebase: str
    page_ceiling: int
    failed_logins: int
    world: WorldState
    tables: dict[str, _SavedTable]


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_decode: Final = msgspec.json.Decoder(Saved, float_hook=Decimal).decode


def save(sandbox: Sandbox, path: Path) -> None:
    """Write the sandbox's state, atomically; only its owner may read it.

    Raises:
        OSError: the file cannot be written; the one that stood there still stands.
    """
    saved = Saved(
        format_version=FORMAT,
        now=sandbox.clock.now(),
        frozen=sandbox.clock.frozen,
        codebase=sandbox.tenant.codebase,
        page_ceiling=sandbox.console.page_ceiling,
        failed_logins=sandbox.console.failed_logins,
        world=dump_world(sandbox.console.world),
        tables={
            name: _SavedTable(
                table.next_id,
                [_SavedRow(row.id, row.parent, row.data, row.secrets) for row in table.rows.values()],
            )
            for name, table in sandbox.tenant.tables.items()
        },
    )
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_encode(saved))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def load(path: Path) -> tuple[Clock, Tenant, Console]:
    """What `save` wrote: the clock, the tenant and the console, ready for a sandbox.

    Raises:
        SavedStateError: the file is no state of this version.
        OSError: it cannot be read.
    """
    try:
        saved = _decode(path.read_bytes())
        if saved.format_version != FORMAT:
            raise SavedStateError(f"it has format {saved.format_version}, and this version reads {FORMAT}")
        clock = Clock(saved.now) if saved.frozen else _running(saved.now)
        console = Console(clock, load_world(saved.world), page_ceiling=saved.page_ceiling)
        console.failed_logins = saved.failed_logins
        return clock, _tenant(saved, clock), console
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise SavedStateError(f"this is not a state of the sandbox: {error}") from None


def _running(now: datetime) -> Clock:
    clock = Clock()
    clock.set(now)
    return clock


def _tenant(saved: Saved, clock: Clock) -> Tenant:
    tenant = Tenant(clock, codebase=saved.codebase)
    for name, kept in saved.tables.items():
        table = tenant.table(name)
        for kept_row in kept.rows:
            table.add(Row(kept_row.id, kept_row.parent, kept_row.data, kept_row.secrets))
        table.next_id = kept.next_id
    # References are shared between all rows that hold them, so they are tied again once every row is there.
    for table in tenant.tables.values():
        for row in table.rows.values():
            for name, value in row.data.items():
                field = table.entity.fields.get(name) if table.entity is not None else None
                if field is not None and value is not None:
                    row.data[name] = _revived(tenant, field, value)
    tenant.version += 1
    return tenant


def _revived(tenant: Tenant, field: Field, value: Any) -> Any:
    if field.kind == "number":
        return Decimal(value)
    if field.kind == "ref":
        return _shared(tenant, field.target)(value)
    if field.kind == "refs":
        return list(map(_shared(tenant, field.target), value))
    return value


def _shared(tenant: Tenant, target: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What puts the shared reference in the place of a copy; a copy whose row is gone stays as it is."""
    if target == solutions.TARGET:
        return lambda copy: _solution(tenant, copy)
    rows = tenant.table(shape(target).table).rows

    def shared(copy: dict[str, Any]) -> dict[str, Any]:
        return (tenant.reference(target, copy["id"]) if copy["id"] in rows else None) or copy

    return shared


def _solution(tenant: Tenant, copy: dict[str, Any]) -> dict[str, Any]:
    try:
        return solutions.resolve(tenant.tables, copy)
    except Unfit:
        return copy
