"""The state file: a whole sandbox as one JSON file, to continue later.

It holds the clock, the objects of the tenant, the data of the console, the truth, and the settings. Sessions, faults
and the request log are not saved. The file is written under another name and then renamed, so a crash leaves the old
file whole.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from reconciler.sandbox.connectwise.schema.fields import Field
from reconciler.sandbox.connectwise.schema.references import shape
from reconciler.sandbox.connectwise.schema.validation import Unfit
from reconciler.sandbox.connectwise.store import solutions
from reconciler.sandbox.connectwise.store.tables import Row
from reconciler.sandbox.connectwise.tenant.invoicing import Invoicing, Routine
from reconciler.sandbox.connectwise.tenant.tenant import Tenant
from reconciler.sandbox.cove.console import Console
from reconciler.sandbox.cove.data.saved import WorldState, dump_world, load_world
from reconciler.sandbox.messy.truth import Truth
from reconciler.sandbox.shared.clock import Clock
from reconciler.sandbox.state.sandbox import Sandbox

FORMAT: Final = 1
"""The version of the format of the file."""


class SavedStateError(ValueError):
    """The file holds no state that can be loaded. The message says why."""


class _SavedRow(msgspec.Struct, forbid_unknown_fields=True):
    id: int
    parent: int | None
    data: dict[str, Any]
    secrets: dict[str, Any] = {}


class _SavedTable(msgspec.Struct, forbid_unknown_fields=True):
    next_id: int
    rows: list[_SavedRow]


class Saved(msgspec.Struct, forbid_unknown_fields=True):
    """The content of the file."""

    format_version: int
    now: datetime
    frozen: bool
    codebase: str
    page_ceiling: int
    failed_logins: int
    world: WorldState
    tables: dict[str, _SavedTable]
    truth: Truth | None = None
    usual_routine: Routine | None = None
    routines: list[tuple[int, Routine | None]] = []


class Loaded(NamedTuple):
    """The parts of a sandbox in a state file. Only a messy estate has a truth."""

    clock: Clock
    tenant: Tenant
    console: Console
    truth: Truth | None
    invoicing: Invoicing


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_decode: Final = msgspec.json.Decoder(Saved, float_hook=Decimal).decode


def save(sandbox: Sandbox, path: Path) -> None:
    """Write the state of a sandbox to a file that only its owner can read.

    Raises:
        OSError: the file cannot be written. An old file is unchanged.
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
        truth=sandbox.truth,
        usual_routine=sandbox.invoicing.usual,
        routines=list(sandbox.invoicing.of_agreement.items()),
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


def load(path: Path) -> Loaded:
    """Return the parts of a sandbox in a state file.

    Raises:
        SavedStateError: the file holds no state of this version.
        OSError: the file cannot be read.
    """
    try:
        saved = _decode(path.read_bytes())
        if saved.format_version != FORMAT:
            raise SavedStateError(f"it has format {saved.format_version}; this version reads format {FORMAT}")
        clock = Clock(saved.now) if saved.frozen else _running(saved.now)
        console = Console(clock, load_world(saved.world), page_ceiling=saved.page_ceiling)
        console.failed_logins = saved.failed_logins
        invoicing = Invoicing(saved.usual_routine, dict(saved.routines))
        return Loaded(clock, _tenant(saved, clock), console, saved.truth, invoicing)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, ValueError) as error:
        raise SavedStateError(f"the file is not a state of the sandbox: {error}") from None


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
    # All rows share the reference to an object, so references are replaced once all rows are there.
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
    """Return the function that replaces a copy of a reference by the shared one.

    A copy whose target no longer exists is left as it is.
    """
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
