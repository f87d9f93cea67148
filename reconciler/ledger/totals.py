"""Sum the used storage or the counts of customers, for pulls in which the sum is all that matters.

A month of 8,000 devices has 6 million samples and 720,000 sums. The database returns the samples of a pull as two JSON
arrays, the devices and their figures. That is five times as fast as a row for each sample, and the sums of slices of
the second array are the totals.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import mul
from typing import NamedTuple, cast, overload

import msgspec
import sqlalchemy as sa

from reconciler.ledger import schema
from reconciler.ledger.chunks import chunks
from reconciler.ledger.device_values import Values
from reconciler.ledger.store import Ledger

_devices, _samples, _earlier = schema.devices, schema.samples, schema.earlier_samples

_AT_ONCE = 16
"""How many pulls are taken from the database at a time."""
_FEW = 1_000
"""So many devices are searched for, if they are less than an eighth of a source's. Otherwise pulls are read whole."""

_numbers = msgspec.json.Decoder(list[int])
_figures = msgspec.json.Decoder(list[int | None])


class CustomerTotal(NamedTuple):
    """What is counted of a customer in one pull, over all devices that the pull lists."""

    pull_id: int
    bytes: int
    """Bytes of used storage, or as a meter counts."""
    devices: int
    """How many devices count, because their number is not 0."""


@dataclass(frozen=True, slots=True)
class CustomerTotals(Sequence[CustomerTotal]):
    """The totals of one customer in several pulls. They are kept in columns, because most are only compared."""

    pull_ids: Sequence[int]
    sizes: Sequence[int]
    """The bytes in each pull, or the sum as a meter counts."""
    devices: Sequence[int]
    """The number of devices that count in each pull."""

    def __len__(self) -> int:
        return len(self.pull_ids)

    def at(self, places: Sequence[int]) -> CustomerTotals:
        """Return the totals at some places, which rise. Places without a gap are a slice, which is faster."""
        if places and places[-1] - places[0] + 1 == len(places):
            return self[places[0] : places[-1] + 1]
        columns = (self.pull_ids, self.sizes, self.devices)
        return CustomerTotals(*([column[place] for place in places] for column in columns))

    @overload
    def __getitem__(self, place: int) -> CustomerTotal: ...

    @overload
    def __getitem__(self, place: slice) -> CustomerTotals: ...

    def __getitem__(self, place: int | slice) -> CustomerTotal | CustomerTotals:
        if isinstance(place, slice):
            return CustomerTotals(self.pull_ids[place], self.sizes[place], self.devices[place])
        return CustomerTotal(self.pull_ids[place], self.sizes[place], self.devices[place])


@dataclass(frozen=True, slots=True)
class Counted:
    """What is added up over the devices of a customer."""

    columns: frozenset[str]
    """The columns beside used storage that decide the number of a device."""
    number: Callable[[Mapping[str, str]], int | None]
    """Returns the number of a device with these values. None if it is unknown."""
    of_storage: bool
    """Whether the used storage of each device is multiplied by its number."""


USED_STORAGE = Counted(frozenset(), lambda _values: 1, of_storage=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The totals to find: of some customers in some pulls."""

    counted: Counted
    pull_ids: Sequence[int]
    customer_ids: Collection[str]


def plain_totals(ledger: Ledger, source: str, wanted: Sequence[Wanted]) -> list[dict[str, CustomerTotals]]:
    """Return the totals of the plain ones of some customers, by customer id, in the order of their `pull_ids`.

    A customer is plain if each of the pulls lists it, the number of each device is known and about the moment of the
    pull, and no device has ever been listed for another customer, or beside a total of the whole customer. For all
    other customers, the samples say more than their sum.
    """
    pull_ids = {each for some in wanted for each in some.pull_ids}
    with ledger.read() as connection:
        special, owners = _special(connection, source), _owners(connection, source)
        sums = [_Sums(connection, each, owners, special) for each in wanted]
        every = {each for one in sums for each in one.plain}
        keys, layout = "", _layout([], owners)
        for some in chunks(sorted(pull_ids)) if every else ():
            for pull_id, listed, figures, late in _columns(connection, some, _few(owners, every)):
                if listed != keys:
                    keys, layout = listed, _layout(_numbers.decode(listed), owners)
                sizes = _figures.decode(figures)
                silent: set[str | None] = set()
                if None in sizes:
                    silent = {owner for owner, size in zip(layout.owners, sizes, strict=True) if size is None}
                of_late = {owners.get(each) for each in _late_devices(connection, pull_id)} if late else set()
                for one in sums:
                    one.add(pull_id, layout, sizes, silent, of_late)
                if not any(one.plain for one in sums):
                    return [{} for _ in wanted]
            doubled = _with_earlier_samples(connection, some)
            for one in sums:
                one.plain -= doubled
    return [one.of_plain() for one in sums]


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
) -> Iterator[tuple[int, str, str, int]]:
    """Yield (pull id, device keys, figures, late devices) of each pull that has samples, in the order of the ids.

    The texts are JSON arrays in the same order. The number of late devices counts those whose figure is not about the
    moment of the pull.
    """
    pull_id, key = _samples.c.pull_id, _samples.c.device_key
    array = sa.func.json_group_array if connection.dialect.name == "sqlite" else sa.func.json_agg
    texts = [sa.cast(array(each), sa.Text) for each in (key, _samples.c.bytes)]
    late = sa.func.count(_samples.c.observed_at)
    query = sa.select(pull_id, *texts, late).where(pull_id.in_(pull_ids)).group_by(pull_id).order_by(pull_id)
    if few is not None:
        query = query.where(key.in_(few))
    for rows in connection.execution_options(yield_per=_AT_ONCE).execute(query).partitions():
        yield from map(tuple, rows)


def _late_devices(connection: sa.Connection, pull_id: int) -> Iterable[int]:
    """Return the keys of the devices of a pull whose figure is not about its moment."""
    here = (_samples.c.pull_id == pull_id, _samples.c.observed_at.is_not(None))
    return connection.execute(sa.select(_samples.c.device_key).where(*here)).scalars()


class _PullTotals(NamedTuple):
    """The totals of one pull by customer, and how many devices count."""

    sums: Mapping[str, int]
    devices: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """Where the devices of each customer stand in the arrays of a pull."""

    keys: Sequence[int]
    owners: Sequence[str | None]
    """The customer of each place. None for a device of another source."""
    slices: Sequence[tuple[str, slice]]
    """Devices of one customer that follow each other. A customer can have several slices."""
    devices: Mapping[str, int]
    """The number of devices of each customer."""

    def totals(self, numbers: Sequence[int]) -> _PullTotals:
        """Return the sums of the numbers of devices, which are in the order of the arrays."""
        sums: dict[str, int] = {}
        for customer_id, place in self.slices:
            sums[customer_id] = sums.get(customer_id, 0) + sum(numbers[place])
        if 0 not in numbers:
            return _PullTotals(sums, self.devices)
        zeros = Counter(owner for owner, number in zip(self.owners, numbers, strict=True) if not number and owner)
        return _PullTotals(sums, {**self.devices, **{each: self.devices[each] - zeros[each] for each in zeros}})


def _layout(keys: Sequence[int], customers: Mapping[int, str]) -> _Layout:
    owners = [customers.get(key) for key in keys]
    runs = [(owner, len([*places])) for owner, places in groupby(owners)]
    ends = [*accumulate(length for _, length in runs)]
    slices = [
        (owner, slice(end - length, end)) for (owner, length), end in zip(runs, ends, strict=True) if owner is not None
    ]
    return _Layout(keys, owners, slices, Counter(owner for owner in owners if owner is not None))


class _Sums:
    """For each pull that was added: the sum of each plain customer. Add pulls in the order of their ids."""

    def __init__(
        self, connection: sa.Connection, wanted: Wanted, owners: Mapping[int, str], special: Collection[str]
    ) -> None:
        self._counted = wanted.counted
        self._pull_ids = wanted.pull_ids
        self._needed = frozenset(wanted.pull_ids)
        self.plain = set(wanted.customer_ids).difference(special) if wanted.pull_ids else set()
        self._changes = deque(self._changes_of(connection, owners))
        self._numbers: dict[int, int | None] = {}
        self._default = wanted.counted.number({})
        self._layout: _Layout | None = None
        self._row: Sequence[int] = ()
        self._totals = _PullTotals({}, {})
        self._of_pulls: dict[int, _PullTotals] = {}

    def _changes_of(
        self, connection: sa.Connection, owners: Mapping[int, str]
    ) -> Iterable[tuple[int, int, int | None]]:
        """Return (pull id, device key, number) of each change of a number, from the oldest pull on."""
        columns, number = self._counted.columns, self._counted.number
        if not columns or not self.plain:
            return ()
        keys = [key for key, customer_id in owners.items() if customer_id in self.plain]
        values = Values(connection, keys, columns)
        first, last = min(self._pull_ids), max(self._pull_ids)
        return sorted(
            (pull_id, key, number(held)) for key in keys for pull_id, held in values.between(key, first, last)
        )

    def add(
        self,
        pull_id: int,
        layout: _Layout,
        sizes: Sequence[int | None],
        silent: Collection[str | None],
        late: Collection[str | None],
    ) -> None:
        """Add a pull. `silent` and `late` are customers with a device without a figure, or with one of another time."""
        if pull_id not in self._needed:
            return
        changed = layout is not self._layout
        while self._changes and self._changes[0][0] <= pull_id:
            _, key, number = self._changes.popleft()
            self._numbers[key] = number
            changed = True
        if changed:
            self._layout = layout
            self.plain.intersection_update(layout.devices)
            row = [self._numbers.get(key, self._default) for key in layout.keys]
            self.plain -= {owner for owner, number in zip(layout.owners, row, strict=True) if number is None and owner}
            self._row = [number or 0 for number in row]
            self._totals = layout.totals(self._row)
        self.plain.difference_update(late)
        if self._counted.of_storage:
            self.plain.difference_update(silent)
            known = [each or 0 for each in sizes] if silent else cast("Sequence[int]", sizes)
            self._totals = layout.totals([*map(mul, known, self._row)] if self._counted.columns else known)
        self._of_pulls[pull_id] = self._totals

    def of_plain(self) -> dict[str, CustomerTotals]:
        """Return the totals of the customers that are plain in all pulls."""
        if len(self._of_pulls) < len(self._needed):
            return {}  # a pull lists nobody
        pulls, customers = [self._of_pulls[each] for each in self._pull_ids], [*self.plain]
        sizes = zip(*(map(found.sums.__getitem__, customers) for found in pulls), strict=True)
        devices = zip(*(map(found.devices.__getitem__, customers) for found in pulls), strict=True)
        columns = zip(customers, sizes, devices, strict=True)
        return {each: CustomerTotals(self._pull_ids, *of_customer) for each, *of_customer in columns}


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
