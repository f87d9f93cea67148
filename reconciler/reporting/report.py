"""The report of one billing period. Renderers and the FOCUS export read its JSON and nothing else.

Amounts and quantities are decimal text, so that no program reads them as floats.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Literal

from pydantic import AwareDatetime

from reconciler.planning.action import Amount, Record

FORMAT_VERSION: Literal[1] = 1

ExceptionKind = Literal["gap", "orphan", "difference", "hours", "change"]


class ReportPeriod(Record):
    """The month that a report is about."""

    name: str
    """The month, as `2026-10`."""
    first_day: datetime.date
    """Its first day in the billing time zone."""
    last_day: datetime.date
    """Its last day in the billing time zone."""
    start: AwareDatetime
    """Its first moment, in UTC. Hour 0 begins here."""
    end: AwareDatetime
    """The first moment after it, in UTC."""
    timezone: str
    """The billing time zone, an IANA name."""
    complete: bool
    """Whether the month was over when the report was made."""


class SourceHours(Record):
    """How complete the readings of a source are."""

    name: str
    """The name of the source."""
    known: int
    """The hours of the period so far with a believed pull."""
    elapsed: int
    """The hours of the period so far, from the first believed pull ever."""


class Totals(Record):
    """The sums over the customers of a report."""

    customers: int
    """The number of customers with a mapping or with an addition of ours."""
    billed: Amount
    """What our additions billed, the sum of rounded lines."""
    by_usage: Amount | None
    """What the usage gives by the rules and prices, for charges that could be rated. Null if none could."""
    previous: Amount | None
    """What our additions billed in the month before. Null if the ledger has no write from before its end."""
    at_risk: Amount
    """The known amounts of usage that no mapping bills."""
    cost: Amount | None = None
    """The cost of the additions whose cost is known. Null if none is, and in a report for one customer."""
    margin: Amount | None = None
    """What these additions bill, less their cost."""
    unknown_costs: int = 0
    """The number of additions whose cost is unknown. 0 in a report for one customer."""


class ReportException(Record):
    """Something that a person should look at before the invoices go out."""

    kind: ExceptionKind
    """`gap`: usage is not accounted for. `orphan`: an addition of ours has no mapping. `difference`: another amount is
    billed than the usage gives. `hours`: many hours have no believed pull. `change`: the amount changed by half or more
    against the month before."""
    state: str
    """A word for the cause: the state in the coverage, or the kind."""
    customer: str
    """The address of the customer, as `cove/1001006`. Empty if it is unknown."""
    name: str
    """The name of the customer."""
    text: str
    """What was found, as a sentence with the figures."""
    amount: Amount | None = None
    """The money that it is about. Null if that is unknown."""


class RatedLine(Record):
    """A line that the usage gives by the rules and prices."""

    product: str
    """The product, by its manifest name or identifier."""
    quantity: Amount
    """The billed quantity."""
    unit_price: Amount | None
    """The price of one unit. Null if it is unknown."""
    amount: Amount | None
    """Quantity times unit price, rounded to the currency's minor unit. Null if the price is unknown."""


class ReportLine(Record):
    """One addition of ours, as it stood at the end of the period, or as it stands now."""

    address: str
    """The address of the addition."""
    addition_id: int
    """Its id in ConnectWise."""
    agreement: str
    """The name of its agreement, or `id 9` if no manifest refers to it."""
    product: str
    """The product, by its manifest name or identifier."""
    description: str | None
    """What the product is, in the words for the customer. Null if no manifest says it."""
    quantity: Amount
    """The billed quantity."""
    unit_price: Amount | None
    """The price of one unit. Null if it is unknown."""
    amount: Amount
    """What it bills for the month, rounded to the currency's minor unit."""
    cost: Amount | None = None
    """What it costs for the month. Null if that is unknown, and in a report that was made for one customer."""
    first_day: datetime.date | None = None
    """Its first billed day. Null if it is unknown."""
    last_day: datetime.date | None = None
    """Its last billed day. Null without an end."""
    corrects: str | None = None
    """The month that it corrects, as `2026-09`, if it is an adjustment. It is billed in the month of the report."""


class Border(Record):
    """The upper end of a range of quantities. A quantity equal to it is still in the range."""

    up_to: Amount
    """The last quantity in the range, in the unit of the charge."""
    product: str
    """The product of the range."""


class Rating(Record):
    """The steps from usage to the billed quantity."""

    used: Amount
    """The measured usage in the unit of the charge, not rounded."""
    included: Amount
    """What the allowance took off."""
    rounded: Amount
    """The rest, rounded."""
    minimum: Amount | None
    """The smallest quantity that is billed. Null without one."""
    quantity: Amount
    """The billed quantity."""
    amount: Amount | None
    """The amount by the rules and prices, the sum of rounded lines. Null if a price is unknown."""
    lines: tuple[RatedLine, ...]
    """The lines that the quantity gives."""


class Hours(Record):
    """The hourly figures of a charge, for a plot."""

    figures: tuple[Amount | None, ...]
    """The usage in each hour of the period so far, rounded to three decimals. Null if an hour has no figure."""
    known: int
    """How many hours have a figure."""
    elapsed: int
    """How many hours have passed since the period, the mapping or the customer began, whichever is latest."""
    allowance: Amount | None
    """The level below which nothing is billed. Null without an allowance."""
    chosen: tuple[int, ...]
    """The numbers of the hours that the measure chose. Hour 0 is the first of the period."""
    hours_of: AwareDatetime
    """The first moment of hour 0, in UTC."""


class ReportCharge(Record):
    """One charge of a customer: a meter with its rules, and what was billed for it."""

    name: str
    """The name of the charge."""
    measure: str
    """How the hours of the month became one figure: `last`, `peak`, `mean` or `p95`."""
    unit: str
    """The unit of the quantities: `GB` or `GiB`, or `units` for a count."""
    state: str
    """`billed`, `held` or `zero`: what a run does with its additions."""
    tiering: str
    """How ranges apply: `volume` or `graduated`."""
    borders: tuple[Border, ...]
    """The borders of its ranges. Empty with a single product."""
    rating: Rating | None
    """Null if the usage could not be measured or rated."""
    billed: tuple[ReportLine, ...]
    """Our additions for it."""
    billed_amount: Amount
    """What they bill for the month."""
    corrections: Amount = Decimal(0)
    """What adjustments bill for the month on later invoices."""
    previous_amount: Amount | None
    """What they billed in the month before. Null if that is unknown."""
    hours: Hours | None
    """Null if the report has no plot of this charge."""


class ReportCustomer(Record):
    """One customer of a source, with its charges."""

    address: str
    """The customer, as `cove/1001006`. For an addition without a mapping, what its tag says, or its own address."""
    name: str
    """The name of the company, or of the customer in the source."""
    identifier: str | None
    """The identifier of the company in ConnectWise. Null if no manifest has it."""
    mapping: str | None
    """The address of its mapping. Null if it has none."""
    agreement: str | None
    """The name of the agreement in the manifests. Null if no manifest has it."""
    state: str
    """Its state in the coverage at the end of the period, or `orphan`."""
    detail: str
    """The reason for the state. Empty if it needs none."""
    accounted: bool
    """Whether its usage is accounted for."""
    billed: Amount
    """What our additions bill for the month."""
    previous: Amount | None
    """What they billed in the month before. Null if that is unknown."""
    charges: tuple[ReportCharge, ...]
    """Its charges."""
    other: tuple[ReportLine, ...]
    """Our additions that belong to none of its charges."""


class Report(Record):
    """The report of one period."""

    format_version: Literal[1] = FORMAT_VERSION
    """The version of this format."""
    workspace: str
    """The name of the workspace."""
    currency: str | None
    """The currency of all amounts. Null if the workspace names none."""
    period: ReportPeriod
    """The month that it is about."""
    made_at: AwareDatetime
    """When it was made."""
    usage_until: AwareDatetime
    """The moment up to which usage counts: the end of the period, or the time of the report."""
    of: str | None
    """The address of the customer that it was made for. Null for a report of all customers."""
    totals: Totals
    """The sums over its customers."""
    sources: tuple[SourceHours, ...]
    """The sources, and how complete they are."""
    exceptions: tuple[ReportException, ...]
    """What a person should look at, the largest amounts first."""
    customers: tuple[ReportCustomer, ...]
    """Its customers by name."""


def known_sum(amounts: list[Decimal | None]) -> Decimal | None:
    """Return the sum of the known amounts. None if none is known."""
    known = [each for each in amounts if each is not None]
    return sum(known, Decimal(0)) if known else None
