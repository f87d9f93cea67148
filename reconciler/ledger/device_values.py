"""The values of other columns than used storage. A value is stored when it changes, because most never do.

A value holds from its pull on, until the next row of its device and column. Pulls count in the order in which they were
recorded, whether they are believed or not: the values of each pull can be read again.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping

import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chunks import chunks
from reconciler.ledger.records import NO_VALUES

_values = schema.device_values

_Cell = tuple[int, str]
"""(the key of a device, column)."""


def store_values(connection: sa.Connection, pull_id: int, values: Mapping[int, Mapping[str, str]]) -> None:
    """Store what differs from the newest values. `values` has those of a new pull, by the key of the device.

    A column that a device had before and has no value now is stored as null, also if the pull did not ask for it.
    """
    stored = _newest(connection, values)
    new = [
        {"device_key": device_key, "name": name, "pull_id": pull_id, "value": cells.get(name)}
        for device_key, cells in values.items()
        for name in sorted({*cells, *stored.get(device_key, ())})
        if stored.get(device_key, {}).get(name) != cells.get(name)
    ]
    if new:
        connection.execute(sa.insert(_values), new)


def _newest(connection: sa.Connection, device_keys: Iterable[int]) -> Mapping[int, Mapping[str, str | None]]:
    """Return the newest value of each column, by the key of the device."""
    found: dict[int, dict[str, str | None]] = {}
    for device_key, name, _, value in _rows(connection, device_keys):
        found.setdefault(device_key, {})[name] = value
    return found


def _rows(connection: sa.Connection, device_keys: Iterable[int]) -> Iterator[tuple[int, str, int, str | None]]:
    """Yield (key of the device, column, pull id, value), of each device and column the oldest first."""
    if connection.execute(sa.select(_values.c.pull_id).limit(1)).first() is None:
        return
    cells = (_values.c.device_key, _values.c.name, _values.c.pull_id, _values.c.value)
    for some in chunks(device_keys):
        query = sa.select(*cells).where(_values.c.device_key.in_(some)).order_by(*cells[:3])
        for row in connection.execute(query):
            yield row.device_key, row.name, row.pull_id, row.value


class Values:
    """The values of some devices and columns in each pull."""

    def __init__(self, connection: sa.Connection, device_keys: Iterable[int], columns: Collection[str]) -> None:
        self._pulls: dict[_Cell, list[int]] = {}
        self._cells: dict[_Cell, list[str | None]] = {}
        self._columns: dict[int, list[str]] = {}
        for device_key, name, pull_id, value in _rows(connection, device_keys):
            if name in columns:
                cell = (device_key, name)
                if cell not in self._pulls:
                    self._columns.setdefault(device_key, []).append(name)
                self._pulls.setdefault(cell, []).append(pull_id)
                self._cells.setdefault(cell, []).append(value)

    def at(self, device_key: int, pull_id: int) -> Mapping[str, str]:
        """Return the values that a device had in a pull that lists it."""
        found = {}
        for name in self._columns.get(device_key, ()):
            place = bisect_right(self._pulls[device_key, name], pull_id)
            value = self._cells[device_key, name][place - 1] if place else None
            if value is not None:
                found[name] = value
        return found or NO_VALUES

    def between(self, device_key: int, first: int, last: int) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Yield (pull id, values) of a device: those in the pull `first`, then each change until the pull `last`."""
        yield first, self.at(device_key, first)
        rows = {each for name in self._columns.get(device_key, ()) for each in self._pulls[device_key, name]}
        for pull_id in sorted(rows):
            if first < pull_id <= last:
                yield pull_id, self.at(device_key, pull_id)

    def last_before(self, device_key: int, pull_id: int) -> tuple[Mapping[str, str], int] | None:
        """Return the last known value of each column before a pull, and the pull in which the oldest of them held last.

        None if the device has no value of a column before the pull.
        """
        found: dict[str, str] = {}
        held = pull_id - 1
        for name in self._columns.get(device_key, ()):
            cell = (device_key, name)
            place = bisect_right(self._pulls[cell], pull_id - 1)
            values = self._cells[cell]
            last = next((index for index in range(place - 1, -1, -1) if values[index] is not None), None)
            if last is None:
                continue
            found[name] = str(values[last])
            if last + 1 < place:  # null from the next row on
                held = min(held, self._pulls[cell][last + 1] - 1)
        return (found, held) if found else None
