"""What the product sees of a history: manifests, pulls, closes, and the additions in ConnectWise. All in memory."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.adjustment_plan import Adjustments, plan_adjustments
from reconciler.additions.adjustments import dues
from reconciler.additions.closed_months import closed_months
from reconciler.additions.desired import BillingContext
from reconciler.additions.ended_months import ChargedMonth, EndedMonth, charge_month
from reconciler.additions.histories import histories_of
from reconciler.additions.live_additions import all_additions
from reconciler.additions.month_terms import terms_of
from reconciler.additions.open_months import open_months
from reconciler.additions.ownership import Ownership, assign_owners, owner_of_rule
from reconciler.additions.tag import tag_of
from reconciler.kinds.billing_rules import BillingSettings, Rule
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.values import Link
from reconciler.ledger.records import Sample
from reconciler.ledger.snapshot import AcceptedAmount, Close, Snapshot
from reconciler.manifests.documents import Document, Manifests
from reconciler.metering.context import MeteringContext
from reconciler.metering.period import Period, period_of
from reconciler.metering.snapshot import SourceSnapshot, WholePull
from reconciler.planning.approvals import Approved
from reconciler.rating import pricing
from tests.additions.scene import live_product, manifests_of
from tests.metering.builders import known, record
from tests.planning.builders import agreement, company, contact, live, live_agreement, mapping, product, solution

from .terms import Price, Terms

MONTH = "2026-11"
CUSTOMER = "77"
SETTINGS = BillingSettings("UTC", currency="USD", max_age=timedelta(days=2))
_NOVEMBER = period_of(datetime(2026, 11, 15, tzinfo=UTC), "UTC")
_PRODUCTS = {4: "gb", 5: "tb", 6: "credit"}
_NOTHING = Snapshot()


@cache
def _mapping(terms: Terms) -> Document:
    more: dict[str, Any] = {"measure": terms.measure, "tiering": terms.tiering, "rounding": {"step": terms.step}}
    if terms.included:
        more["included"] = {"amount": terms.included, "per": "customer"}
    if terms.minimum is not None:
        more["minimum"] = terms.minimum
    if terms.start is not None:
        more["start"] = f"{MONTH}-{terms.start:02d}"
    if terms.limit is not None:
        more["ranges"] = [{"upTo": terms.limit, "product": "gb"}, {"product": "tb"}]
        return mapping(lines="perPeriod", **{"product": None, **more})
    return mapping(lines="perPeriod", **more)


@cache
def _manifests(terms: Terms, price: Price) -> Manifests:
    def priced(name: str, factor: int) -> Document:
        dated = [{"from": day, "price": each * factor} for day, each in price.dated]
        more: dict[str, Any] = {"prices": dated} if dated else {}
        return product(name, identifier=name, price=price.plain * factor, **more)

    return manifests_of(
        (
            company(),
            contact(),
            agreement(invoiced=terms.invoiced),
            solution(),
            priced("gb", 1),
            priced("tb", 2),
            product("credit", identifier="credit"),
            _mapping(terms),
        ),
        timezone="UTC",
        creditProduct="credit",
    )


class World:
    """One customer with one charge, in the months after November."""

    def __init__(self, terms: Terms, price: Price) -> None:
        self.terms, self.price = terms, price
        self.now = datetime(2026, 12, 1, 1, tzinfo=UTC)
        self.next_invoice = "2026-11-01" if terms.invoiced == "arrears" else "2026-12-01"
        self.closes: list[Close] = []
        self.accepted: list[AcceptedAmount] = []
        self.lines: dict[int, LiveObject] = {}
        self._pulls: list[WholePull] = []
        self._recorded: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}
        self._rules: dict[Price, list[Rule]] = {}

    # ── what happens ─────────────────────────────────────────────────────────────────────────────────────────

    def read(self, *readings: tuple[datetime, int]) -> None:
        """Record a pull of now, with these readings of the customer's device."""
        found = tuple(Sample("cove", CUSTOMER, "d", moment, size) for moment, size in readings)
        self._pulls.append(WholePull(record(len(self._pulls) + 1, self.now), {CUSTOMER: found}))
        self.now += timedelta(minutes=7)

    def end_month(self) -> None:
        """Record the terms of the month, as the last run of it does."""
        if not self.terms.declared_late:
            self._recorded["cove", CUSTOMER, "storage", MONTH] = self._terms_of_now()

    def close(self) -> None:
        """Close the month. What is closed stays so."""
        charge = {"customer": f"cove/{CUSTOMER}", "charge": "storage"}
        charges = () if self.terms.declared_late else ({**charge, "terms": self._recorded_or_now()},)
        if not self.closes:
            self.closes.append(Close(MONTH, self.now, "ann@office", "digest", charges))

    def _recorded_or_now(self) -> Mapping[str, Any]:
        return self._recorded.get(("cove", CUSTOMER, "storage", MONTH)) or self._terms_of_now()

    def _terms_of_now(self) -> Mapping[str, Any]:
        (rule,) = self._rules_of(_NOVEMBER)
        document = self.manifests.get(CustomerMappingSpec, "CustomerMapping/acme")
        found = terms_of(document, rule, self.live_state)
        assert found is not None
        return found.to_json()

    # ── what the product sees ────────────────────────────────────────────────────────────────────────────────

    @property
    def manifests(self) -> Manifests:
        return _manifests(self.terms, self.price)

    @property
    def live_state(self) -> LiveState:
        raw = {"agreementStatus": "Active", "currency": {"currencyCode": "USD"}}
        objects = {("Agreement", 9): live_agreement(nextInvoiceDate=f"{self.next_invoice}T00:00:00Z", **raw)}
        names = {name: Link(name, number, f"Product/{name}") for number, name in _PRODUCTS.items()}
        objects |= {("Product", number): live_product(number, name) for number, name in _PRODUCTS.items()}
        links: dict[tuple[str | int, ...], Link] = {("agreement",): Link("backup", 9, "Agreement/backup")}
        if self.terms.limit is None:
            links["product",] = names["gb"]
        else:
            links |= {("ranges", 0, "product"): names["gb"], ("ranges", 1, "product"): names["tb"]}
        return LiveState(
            matches={f"Product/{name}": objects["Product", number] for number, name in _PRODUCTS.items()},
            links={
                "CustomerMapping/acme": links,
                "Workspace/test": {("billing", "creditProduct"): names["credit"]},
            },
            objects=objects,
            additions={9: list(self.lines.values())},
        )

    def _rules_of(self, period: Period) -> list[Rule]:
        if self.price not in self._rules:
            units = {"cove": "GB"}
            self._rules[self.price] = pricing.rules(self.manifests, units, self.live_state, _NOVEMBER.first_day)
        return self._rules[self.price]

    def _source(self) -> SourceSnapshot:
        *earlier, newest = self._pulls
        first = min(each.moment_of(each.samples[CUSTOMER][0]) for each in self._pulls)
        return SourceSnapshot(
            "cove",
            "GB",
            latest=newest.record,
            whole=newest,
            earlier=tuple(earlier),
            known={CUSTOMER: known(CUSTOMER, "Acme", newest.record.started_at)},
            first_seen={CUSTOMER: first},
            first_whole_at=datetime(2026, 10, 1, tzinfo=UTC),
        )

    def _charged(self, live_state: LiveState) -> ChargedMonth | None:
        rules = self._rules_of(_NOVEMBER)
        found = open_months(
            rules,
            self._rules_of,
            self.manifests,
            live_state,
            _NOTHING,
            self._recorded,
            [_NOVEMBER],
            ownership=self._ownership(live_state),
            closed=closed_months(self.closes),
        )
        if not found:
            return None
        (month,) = found
        source = self._source()
        named = {(each.rule.name, each.rule.charge): each for each in month.terms}
        ended = EndedMonth(month.period, named, month.expected, {"cove": source}, month.settled, month.new)
        at = MeteringContext(self.now, SETTINGS, month.period)
        return charge_month(ended, at, histories_of({"cove": source}, (), at).of_rule, {})

    def _ownership(self, live_state: LiveState) -> Ownership:
        owners = [owner_of_rule(rule) for rule in self._rules_of(_NOVEMBER)]
        return assign_owners(all_additions(live_state, "USD"), owners, {"cove"}, _NOTHING)

    def apply(self, approvals: Sequence[str] = (), accept: Callable[[], bool] = lambda: False) -> Adjustments:
        """Let the product bill the month, with these guardrails approved. Return what it planned beside the lines."""
        live_state = self.live_state
        month = self._charged(live_state)
        if month is None:
            return Adjustments()
        self._write(month)
        live_state = self.live_state
        found = dues([month], self._ownership(live_state), _NOTHING, self.accepted)
        period = period_of(self.now, "UTC")
        context = BillingContext(self.manifests, live_state, period, self.now.date(), "USD", setup=False, cycles={})
        builder = ActionBuilder(_NOTHING, str(period), period.last_day.isoformat(), "USD", "restore", {})
        planned = plan_adjustments(found, context, builder, [Approved(each) for each in approvals])
        for action in planned.actions:
            fields = {each.path: each.after for each in action.changes}
            self._add(fields["product"]["id"], Decimal(fields["quantity"]), Decimal(fields["unitPrice"]), fields)
        for due in found if accept() else ():
            if not any(each.address.endswith(f"+{due.owner.adjustment}") for each in planned.actions):
                owner = due.owner
                self.accepted.append(
                    AcceptedAmount(
                        owner.source,
                        owner.customer_id,
                        owner.charge,
                        str(owner.period),
                        owner.adjustment,
                        owner.tag,
                        due.amount,
                    )
                )
        return planned

    def _write(self, month: ChargedMonth) -> None:
        """Write the lines of an open month, as the hourly job does."""
        for charge in month.of_open.charges:
            wanted = {month.terms["acme", "storage"].products[each.product].id: each for each in charge.lines}
            standing = {obj.raw["product"]["id"]: number for number, obj in self.lines.items() if "+" not in _tag(obj)}
            for number, each in wanted.items():
                if number in standing:
                    self._change(standing[number], quantity=each.quantity, unitPrice=each.unit_price)
                elif each.quantity:
                    self._add(number or 0, each.quantity, each.unit_price or Decimal(0), {})
            for number in standing.keys() - wanted.keys():
                self._change(standing[number], quantity=Decimal(0))

    def _change(self, number: int, **fields: Any) -> None:
        self.lines[number] = replace(self.lines[number], raw={**self.lines[number].raw, **fields})

    def _add(self, of: int, quantity: Decimal, price: Decimal, fields: Mapping[str, Any]) -> None:
        first = f"{MONTH}-01" if self.terms.invoiced == "arrears" else self.next_invoice
        number = max(self.lines, default=100) + 1
        raw = {
            "product": {"id": of, "identifier": _PRODUCTS[of]},
            "quantity": quantity,
            "unitPrice": price,
            "lessIncluded": Decimal(0),
            "billCustomer": "Billable",
            "serialNumber": fields.get("serialNumber") or tag_of("cove", CUSTOMER, "acme", period=MONTH),
            "effectiveDate": fields.get("effectiveDate") or first,
        }
        self.lines[number] = live("Addition", number, raw, 9)

    # ── what came of it ──────────────────────────────────────────────────────────────────────────────────────

    def billed(self) -> Decimal:
        """Return what all additions of the month bill, with the amounts that were accepted."""
        amounts = [
            (obj.raw["quantity"] * obj.raw["unitPrice"]).quantize(Decimal("0.01"), "ROUND_HALF_UP")
            for obj in self.lines.values()
        ]
        return sum((*amounts, *(each.amount for each in self.accepted)), Decimal(0))


def _tag(obj: LiveObject) -> str:
    return str(obj.raw["serialNumber"])
