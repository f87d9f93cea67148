"""Sum the used storage of customers, for pulls in which the sum is all that matters.

A month of 8,000 devices has 6 million samples and 720,000 sums. The database returns the samples of a pull as two JSON
arrays, the devices and their figures. That is five times as fast as a row for each sample, and the sums of slices of
the second array are the totals.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from typing import NamedTuple, overload

import msgspec
import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chunks import chunks
from reconciler.ledger.store import Ledger

_devices, _samples, _earlier = schema.devices, schema.samples, schema.earlier_samples

_AT_ONCE = 16
"""How many pulls are taken from the database at a time."""
_FEW = 1_000
"""So many devices are searched for, if they are less than an eighth of a source's. Otherwise pulls are read whole."""

_numbers = msgspec.json.Decoder(list[int])
_figures = msgspec.json.Decoder(list[int | None])


class CustomerTotal(NamedTuple):
    """The used storage of a customer in one pull, in bytes, over all devices that the pull lists."""

    pull_id: int
    bytes: int
    devices: int
    """How many devices the pull lists for the customer. At least 1."""


@dataclass(frozen=True, slots=True)
class CustomerTotals(Sequence[CustomerTotal]):
    """The totals of one customer in several pulls. They are kept in columns, because most are only compared."""

    pull_ids: Sequence[int]
    sizes: Sequence[int]
    """The bytes in each pull."""
    devices: Sequence[int]
    """The number of devices in each pull."""

    def __len__(self) -> int:
        return len(self.pull_ids)

    def at(self, places: Sequence[int]) -> CustomerTotals:
        """Return the totals at some places."""
        return CustomerTotals(
            *([column[each] for each in places] for column in (self.pull_ids, self.sizes, self.devices))
        )

    @overload
    def __getitem__(self, place: int) -> CustomerTotal: ...

    @overload
    def __getitem__(self, place: slice) -> CustomerTotals: ...

    def __getitem__(self, place: int | slice) -> CustomerTotal | CustomerTotals:
        if isinstance(place, slice):
            return CustomerTotals(self.pull_ids[place], self.sizes[place], self.devices[place])
        return CustomerTotal(self.pull_ids[place], self.sizes[place], self.devices[place])


def plain_totals(
    ledger: Ledger, source: str, pull_ids: Sequence[int], customer_ids: Collection[str]
) -> dict[str, CustomerTotals]:
    """Return the totals of the plain ones of some customers, by customer id, in the order of `pull_ids`.

    A customer is plain if each of the pulls lists it, each device has a figure that is about the moment of the pull,
    and no device has ever been listed for another customer, or beside a total of the whole customer. For all other
    customers, the samples say more than their sum.
    """
    if not pull_ids or not customer_ids:
        return {}
    with ledger.read() as connection:
        sums = _Sums(set(customer_ids) - _special(connection, source))
        owners = _owners(connection, source)
        for some in chunks(sorted(pull_ids)):
            for pull_id, keys, figures in _columns(connection, some, _few(owners, sums.plain)):
                sums.add(pull_id, keys, figures, owners)
            sums.plain -= _with_earlier_samples(connection, some)
    return sums.of_plain(pull_ids)


def _owners(connection: sa.Connection, source: str) -> dict[int, str]:
    """Return the customer of each device of a source, by the key of the device."""
    query = sa.select(_devices.c.id, _devices.c.customer_id).where(_devices.c.source == source)
    return {row.id: row.customer_id for row in connection.execute(query)}


def _few(owners: Mapping[int, str], wanted: Collection[str]) -> Sequence[int] | None:
    """Return the keys of the devices of some customers. None if they are not few."""
    found = [key for key, customer_id in owners.items() if customer_id in wanted]
    return found if len(found) <= min(_FEW, len(owners) // 8) else None


def _columns(
    connection: sa.Connection, pull_ids: Sequence[int], few: Sequence[int] | None
) -> Iterator[tuple[int, str, str]]:
    """Yield (pull id, device keys, figures) of each pull that has samples. Both texts are JSON arrays in one order.

    A figure that is not about the moment of the pull is null, like one that is missing.
    """
    figure = sa.case((_samples.c.observed_at.is_(None), _samples.c.bytes))
    arrays = [_json_array(connection, each) for each in (_samples.c.device_key, figure)]
    pull_id = _samples.c.pull_id
    query = sa.select(pull_id, *arrays).where(pull_id.in_(pull_ids)).group_by(pull_id)
    if few is not None:
        query = query.where(_samples.c.device_key.in_(few))
    for rows in connection.execution_options(yield_per=_AT_ONCE).execute(query).partitions():
        yield from map(tuple, rows)


def _json_array(connection: sa.Connection, column: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """Return the values of a group as the text of a JSON array."""
    if connection.dialect.name == "sqlite":
        return sa.func.json_group_array(column, type_=sa.Text)
    return sa.cast(sa.func.json_agg(column), sa.Text)


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the devices of each customer stand in the arrays of a pull."""

    owners: Sequence[str | None]
    """The customer of each place. None for a device of another source."""
    slices: Sequence[tuple[str, slice]]
    """Devices of one customer that follow each other. A customer can have several slices."""
    devices: Mapping[str, int]
    """The number of devices of each customer."""


def _layout(owners: Sequence[str | None]) -> _Layout:
    runs = [(owner, len([*places])) for owner, places in groupby(owners)]
    ends = [*accumulate(length for _, length in runs)]
    slices = [
        (owner, slice(end - length, end)) for (owner, length), end in zip(runs, ends, strict=True) if owner is not None
    ]
    return _Layout(owners, slices, Counter(owner for owner in owners if owner is not None))


class _Sums:
    """The sums of the pulls read so far, of the customers that are plain in them."""

    def __init__(self, wanted: set[str]) -> None:
        self.plain = wanted
        self._keys = ""
        self._layout = _layout(())
        self._of_pulls: dict[int, tuple[Mapping[str, int], Mapping[str, int]]] = {}

    def add(self, pull_id: int, keys: str, figures: str, owners: Mapping[int, str]) -> None:
        """Add a pull. Most pulls list the same devices as the one before."""
        if keys != self._keys:
            self._keys = keys
            self._layout = _layout([owners.get(key) for key in _numbers.decode(keys)])
        try:
            sizes = _numbers.decode(figures)
        except msgspec.ValidationError:
            some = _figures.decode(figures)
            self.plain -= {each for each, size in zip(self._layout.owners, some, strict=True) if size is None and each}
            sizes = [size or 0 for size in some]
        sums: dict[str, int] = {}
        for customer_id, place in self._layout.slices:
            sums[customer_id] = sums.get(customer_id, 0) + sum(sizes[place])
        self._of_pulls[pull_id] = (sums, self._layout.devices)

    def of_plain(self, pull_ids: Sequence[int]) -> dict[str, CustomerTotals]:
        """Return the totals of the customers that are plain in all of these pulls."""
        pulls = [self._of_pulls.get(each, ({}, {})) for each in pull_ids]
        listed = (each for each in self.plain if all(each in sums for sums, _ in pulls))
        return {
            each: CustomerTotals(pull_ids, [sums[each] for sums, _ in pulls], [devices[each] for _, devices in pulls])
            for each in listed
        }


def _special(connection: sa.Connection, source: str) -> set[str]:
    """Return the customers with a device that is another customer's too, or with devices beside a total."""
    here = (_devices.c.source == source,)
    shared = (
        sa.select(_devices.c.device_id)
        .where(*here, _devices.c.device_id != "")
        .group_by(_devices.c.device_id)
        .having(sa.func.count() > 1)
    )
    with_total = sa.select(_devices.c.customer_id).where(*here, _devices.c.device_id == "")
    moved = sa.select(_devices.c.customer_id).where(*here, _devices.c.device_id.in_(shared))
    mixed = sa.select(_devices.c.customer_id).where(
        *here, _devices.c.device_id != "", _devices.c.customer_id.in_(with_total)
    )
    return {*connection.execute(moved).scalars(), *connection.execute(mixed).scalars()}


def _with_earlier_samples(connection: sa.Connection, pull_ids: Sequence[int]) -> set[str]:
    """Return the customers with several samples of one device in one of these pulls."""
    query = (
        sa.select(_devices.c.customer_id)
        .join(_earlier, _earlier.c.device_key == _devices.c.id)
        .where(_earlier.c.pull_id.in_(pull_ids))
        .distinct()
    )
    return set(connection.execute(query).scalars())
