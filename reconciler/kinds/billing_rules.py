"""The billing rules of mappings, exclusions and the workspace, as plain values for metering and rating."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Literal

from reconciler.errors import ReconcilerError
from reconciler.kinds.customer_mapping import ChargeFields, CustomerMappingSpec, Included, ProductReference
from reconciler.kinds.customer_mapping import Range as PriceRange
from reconciler.kinds.dated_prices import UNKNOWN, UnitPrice, entry_in_force
from reconciler.kinds.exclusion import ExclusionSpec
from reconciler.kinds.fields import ById, ByIdentifier
from reconciler.kinds.meters import BUILT_IN, STORAGE, Meter, Unit
from reconciler.kinds.workspace import Billing, UsageSource

Measure = Literal["last", "peak", "mean", "p95"]
Lines = Literal["rolling", "perPeriod"]
Invoiced = Literal["advance", "arrears"]

BYTES_OF: dict[str, int] = {"B": 1, "GB": 10**9, "GiB": 2**30}
"""Bytes in one of each unit."""


class RuleError(ReconcilerError):
    """A mapping's billing rule contradicts itself."""


@dataclass(frozen=True, slots=True)
class Range:
    """A product that bills quantities up to and including `up_to`. The last range has no `up_to`."""

    product: ProductReference
    up_to: Decimal | None = None
    price: Decimal | None = None
    """Unit price in the period. None if neither the range nor the product has a price that is in force."""
    cost: Decimal | None = None
    """Unit cost in the period, from where the price is. None if it is unknown, which is not 0."""
    own_price: bool = False
    """Whether the mapping has the price. Then the cost of the product is not meant."""
    since: date | None = field(default=None, compare=False)
    """The first day of the price, for explanations. None for a price without a day."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """A free quantity: once per customer, once per device, or for each unit of another meter."""

    amount: Decimal
    per: str
    """`customer`, `device`, or the name of a meter."""
    meter: Meter | None = field(default=None, repr=False)
    """The other meter. None for `customer` and `device`. Its name is in `per` already, for the digest of a rule."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """How a quantity is rounded to a multiple of `step`. `nearest` rounds halves up."""

    mode: Literal["up", "nearest", "down", "none"] = "up"
    step: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Rule:
    """How one charge of a mapping is billed. A flat price is a single range without `up_to`."""

    name: str
    """The name of the mapping."""
    source: str
    customer_id: str
    unit: Unit | None
    """The unit of its quantities. None for a count or a plain number."""
    ranges: tuple[Range, ...]
    customer_name: str | None = None
    tiering: Literal["volume", "graduated"] = "volume"
    measure: Measure = "last"
    allowance: Allowance | None = None
    rounding: Rounding = Rounding()
    minimum: Decimal | None = None
    lines: Lines = "rolling"
    invoiced: Invoiced = "advance"
    """When the invoice of a month is made: in the month or before it, or after it."""
    adopt: bool = False
    start: date | None = None
    """First billed day, in the billing time zone."""
    end: date | None = None
    """Last billed day, in the billing time zone. None if the customer stays."""
    proposed: bool = False
    """True if `import` guessed the mapping: it is rated and listed, and nothing is done for it."""
    meter: Meter = STORAGE
    charge: str = STORAGE.name
    """The name of the charge, unique in its mapping."""
    invoice_text: str | None = None
    """The template of the text on the invoice. None: the text is not managed."""
    place: tuple[str | int, ...] = ()
    """The place of the charge in the spec of its mapping. Empty for the charge in the mapping's own fields."""

    @property
    def divisor(self) -> int:
        """Return the bytes in one of its unit. 1 for a count or a plain number."""
        return 1 if self.unit is None else BYTES_OF[self.unit]

    @property
    def meters(self) -> tuple[Meter, ...]:
        """Return its meter, and that of its allowance."""
        other = None if self.allowance is None else self.allowance.meter
        return (self.meter,) if other is None else (self.meter, other)

    @property
    def quantity_digest(self) -> str:
        """Return a digest of every setting that affects the quantity. Prices and names do not change it."""
        parts = (self.source, self.customer_id, self.unit, self.measure, self.allowance, self.rounding, self.minimum)
        bounds = tuple(each.up_to for each in self.ranges)
        last = () if self.end is None else (self.end,)
        # Rules of earlier versions keep their digest.
        metered = [(each.how, each.column, each.where) for each in self.meters if not each.is_storage]
        text = repr((*parts, self.tiering, bounds, self.start, *last, *metered))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def __post_init__(self) -> None:
        """Raise `RuleError` if graduated ranges give one product two prices: one addition has one unit price."""
        if self.tiering != "graduated":
            return
        prices: dict[ProductReference, tuple[Decimal | None, Decimal | None]] = {}
        for each in self.ranges:
            first = prices.setdefault(each.product, (each.price, each.cost))
            if first != (each.price, each.cost):
                what = "cost" if first[0] == each.price else "price"
                raise RuleError(
                    f"graduated ranges bill product {product_label(each.product)} at two {what}s, "
                    f"and one product is one addition with one unit {what}",
                    where=f"CustomerMapping/{self.name} spec.ranges",
                    advice="give each range a product of its own",
                )


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A customer or device that is deliberately not billed. `until` is the last day of the exclusion."""

    name: str
    source: str
    customer_id: str
    reason: str
    until: date | None = None
    device_id: str | None = None
    """None excludes the whole customer."""


@dataclass(frozen=True, slots=True)
class BillingSettings:
    """Billing settings of the workspace. They apply to every customer."""

    timezone: str
    grace: timedelta = timedelta(hours=24)
    max_age: timedelta = timedelta(hours=6)
    unmapped: Literal["error", "warn"] = "error"
    vanished: Literal["error", "warn"] = "error"
    currency: str | None = None
    bill_trials: frozenset[str] = frozenset()
    """The sources whose customers are billed in trial, too."""


MeterOf = Callable[[str], Meter]
"""Return the meter with a name."""


def rule_of(
    name: str,
    spec: CustomerMappingSpec,
    unit: Unit,
    price_of: Callable[[ProductReference], UnitPrice] = lambda _product: UNKNOWN,
    charge: ChargeFields | None = None,
    meter_of: MeterOf = BUILT_IN.__getitem__,
    *,
    first_day: date,
) -> Rule:
    """Return the billing rule of one charge of a mapping in one period.

    `name` is the mapping's manifest name and `unit` the unit of its source. `charge` is one of several: without it, it
    is the charge in the mapping's own fields. `price_of` returns a product's own unit price and cost, for a product or
    a range without them. `first_day` is the first day of the period: the prices that are in force on it count for the
    whole period. Raises `RuleError` if the charge has neither product nor ranges.
    """
    charge = charge or spec
    if charge.ranges is not None:
        ranges = tuple(
            _range(each.product, each.up_to, each, price_of(each.product), first_day) for each in charge.ranges
        )
    elif charge.product is not None:
        ranges = (_range(charge.product, None, charge, price_of(charge.product), first_day),)
    else:
        raise RuleError("the mapping has neither product nor ranges", where=f"CustomerMapping/{name} spec")
    meter = meter_of(charge.meter)
    return Rule(
        name=name,
        source=spec.customer.source,
        customer_id=spec.customer.id,
        customer_name=spec.customer.name,
        unit=meter.unit_in(unit),
        ranges=ranges,
        tiering=charge.tiering,
        measure=charge.measure,
        allowance=_allowance(charge.included, meter_of),
        rounding=Rounding(charge.rounding.mode, charge.rounding.step),
        minimum=charge.minimum,
        lines=charge.lines or "rolling",
        adopt=charge.adopt,
        start=spec.start,
        end=spec.end,
        meter=meter,
        charge=charge.charge_name,
        invoice_text=charge.invoice_text,
    )


def _range(
    product: ProductReference,
    up_to: Decimal | None,
    own: ChargeFields | PriceRange,
    of_product: UnitPrice,
    first_day: date,
) -> Range:
    """Return a range with the price of `own`, else that of its product. The cost comes from where the price is."""
    if own.price is not None:
        return Range(product, up_to, own.price, own_price=True)
    if own.prices is None:
        return Range(product, up_to, of_product.price, of_product.cost, since=of_product.since)
    entry = entry_in_force(own.prices, first_day)
    if entry is None:  # the price of the product is not meant: the mapping has prices of its own
        return Range(product, up_to, own_price=True)
    return Range(product, up_to, entry.price, entry.cost, own_price=True, since=entry.from_)


def _allowance(included: Included | None, meter_of: MeterOf) -> Allowance | None:
    if included is None:
        return None
    other = None if included.per in ("customer", "device") else meter_of(included.per)
    return Allowance(included.amount, included.per, other)


def exclusion_of(name: str, spec: ExclusionSpec) -> Exclusion:
    """Return the exclusion that a manifest declares. `name` is its manifest name."""
    return Exclusion(name, spec.customer.source, spec.customer.id, spec.reason, spec.until, spec.device)


def settings_of(billing: Billing, sources: Iterable[UsageSource] = ()) -> BillingSettings:
    """Return the workspace's billing settings as values. `sources` are its usage sources."""
    return BillingSettings(
        timezone=billing.timezone,
        grace=timedelta(hours=billing.grace_hours),
        max_age=timedelta(hours=billing.max_age),
        unmapped=billing.unmapped,
        vanished=billing.vanished,
        currency=billing.currency,
        bill_trials=frozenset(each.name for each in sources if each.type == "cove" and each.trials == "bill"),
    )


def product_label(product: ProductReference) -> str:
    """Return a product reference as text for a message."""
    if isinstance(product, ByIdentifier):
        return product.identifier
    if isinstance(product, ById):
        return f"#{product.id}"
    return product
