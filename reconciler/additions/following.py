"""Plan the additions that still bill on the old agreement of a mapping that moved (BILLING, Additions).

Such an addition bills until its last day, and an invoice bills the level of the day on which it is made. So its
quantity is written each hour, as that of any addition. Its price stays as the last apply left it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from reconciler.additions.actions import ActionBuilder
from reconciler.additions.agreements import Agreement, agreement_of, first_day_of
from reconciler.additions.desired import BillingContext
from reconciler.additions.desired_addition import DesiredAddition
from reconciler.additions.invoiced_months import line_of
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.match import Pair, Superseded
from reconciler.additions.moves import Move
from reconciler.additions.pair_actions import planned_pair
from reconciler.additions.planned import PlannedAddition, without_amount
from reconciler.amounts import amount_text
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.money import monthly_amount
from reconciler.kinds.values import Link, plain_decimal
from reconciler.planning.plan import Note

_ZERO = Decimal(0)
MOVED = "now bills another product or agreement"


@dataclass(frozen=True, slots=True)
class Leaving:
    """An addition of another agreement than its mapping bills now, and how it ends."""

    superseded: Superseded
    move: Move

    @property
    def live(self) -> LiveAddition:
        """Return the addition as ConnectWise returned it."""
        return self.superseded.live


def following_additions(
    leaving: Sequence[Leaving],
    desired: Sequence[DesiredAddition],
    rule: Rule,
    context: BillingContext,
    builder: ActionBuilder,
) -> Iterator[PlannedAddition]:
    """Yield the plan for the additions of one charge that still bill on old agreements.

    `desired` has the additions that the charge asks for on its agreement of now.
    """
    by_agreement: dict[int, list[Leaving]] = defaultdict(list)
    for each in leaving:
        by_agreement[each.live.agreement_id].append(each)
    for of_agreement in by_agreement.values():
        yield from _OldAgreement(of_agreement, desired, rule, context, builder).planned()


class _OldAgreement:
    """The additions of one charge on one old agreement."""

    def __init__(
        self,
        leaving: Sequence[Leaving],
        desired: Sequence[DesiredAddition],
        rule: Rule,
        context: BillingContext,
        builder: ActionBuilder,
    ) -> None:
        self._leaving, self._rule, self._context, self._builder = leaving, rule, context, builder
        self._desired = {each.product.id: each for each in desired if each.product.id is not None}
        self._total = sum((each.quantity for each in desired), _ZERO)
        self._reason = desired[0].reason
        self._first_day = context.period.first_day.isoformat()
        number = leaving[0].live.agreement_id
        raw = context.live_state.objects.get(("Agreement", number))
        self._link = Link(str(number) if raw is None else str(raw.raw.get("name") or number), number)
        self._agreement = (
            Agreement(self._link.name, status="unknown")
            if raw is None
            else agreement_of(self._link, context.manifests, context.live_state, context.cycles)
        )

    def planned(self) -> Iterator[PlannedAddition]:
        """Yield the plan for each addition, and for those of other ranges that have to be created."""
        created = [self._created(each) for each in self._missing()]
        for each in created:
            yield without_amount(each)
        quantities = self._quantities([each.address for each in created])
        first = frozenset(each.address for each in created)
        for leaving in self._leaving:
            quantity = quantities.get(leaving.live.id)
            yield without_amount(self._kept(leaving) if quantity is None else self._followed(leaving, quantity, first))

    # ── quantities ───────────────────────────────────────────────────────────────────────────────────────

    @property
    def _bills(self) -> bool:
        """Return whether the agreement is billed now. If not, its additions only get their last day."""
        agreement, today = self._agreement, self._context.today.isoformat()
        return agreement.status in (None, "Active") and (agreement.end or today) >= today

    @property
    def _by_product(self) -> bool:
        """Return whether the charge has the products of these additions, and each addition has another one."""
        products = [each.live.product_id for each in self._leaving]
        known = [each for each in products if each in self._desired]
        others = [each for each in self._leaving if each.live.product_id not in self._desired]
        return bool(known) and not any(each.live.quantity for each in others) and len(set(products)) == len(products)

    def _wanted(self) -> list[DesiredAddition]:
        """Return the products with a quantity for which the agreement has no addition."""
        has = {each.live.product_id for each in self._leaving}
        return [each for each in self._desired.values() if each.quantity and each.product.id not in has]

    def _missing(self) -> list[DesiredAddition]:
        """Return the additions of other ranges to create here."""
        return self._wanted() if self._bills and self._by_product and self._begins is not None else []

    @property
    def _begins(self) -> str | None:
        """Return the first day of a new addition here. None if an invoice has billed its months already."""
        lines = [line_of(each.live, self._context.live_state, self._first_day) for each in self._leaving]
        first = first_day_of(self._agreement, self._context.period, self._rule.start).day
        begins = max(first, min(each.first for each in lines))
        last = self._last_day
        invoiced = any(each.taken > self._first_day for each in lines)
        return None if invoiced or (last is not None and begins > last) else begins

    @property
    def _last_day(self) -> str | None:
        days = [each.move.last_day for each in self._leaving]
        return None if None in days else max(each for each in days if each is not None)

    def _quantities(self, created: Sequence[str]) -> dict[int, Decimal]:
        """Return the quantity of each addition that follows usage, by its id.

        If the same change in Git gives the mapping another product, the one addition that bills takes all usage.
        """
        if not self._bills:
            return {}
        if self._by_product:
            if self._wanted() and not created:  # The product with the usage cannot be billed here any more.
                return {}
            of: dict[int | None, Decimal] = {product: each.quantity for product, each in self._desired.items()}
            return {each.live.id: of.get(each.live.product_id, _ZERO) for each in self._leaving}
        billing = [each for each in self._leaving if each.live.quantity] or self._leaving
        return {billing[0].live.id: self._total} if len(billing) == 1 else {}

    # ── plans ────────────────────────────────────────────────────────────────────────────────────────────

    def _created(self, like: DesiredAddition) -> PlannedAddition:
        """Return the plan for a new addition, of a range that usage has reached since the move."""
        desired = self._addition(like.product, like.quantity, like.unit_price, str(self._begins), self._last_day)
        desired = replace(desired, unit_cost=like.unit_cost, own_price=like.own_price)
        usual = like.owner.address_of(like.product.name)
        address = self._builder.unique_address(usual, self._leaving[0].live.agreement_id)
        return planned_pair(self._builder, Pair(replace(desired, known_as=address, depends_on=like.depends_on)))

    def _followed(self, leaving: Leaving, quantity: Decimal, first: frozenset[str]) -> PlannedAddition:
        """Return the plan for an addition with the quantity of this hour."""
        live, superseded = leaving.live, leaving.superseded
        recorded = self._builder.snapshot.additions.get(live.id)
        left = recorded.last_applied if recorded else {}
        unit_price, unit_cost = (_number(left.get(name)) for name in ("unitPrice", "unitCost"))
        desired = self._addition(
            Link(live.product, live.product_id),
            quantity,
            unit_price,
            live.effective or self._first_day,
            leaving.move.last_day,
        )
        now = live.price if unit_price is None else unit_price
        amount = monthly_amount({"quantity": quantity, "unitPrice": now}, self._context.currency)
        desired = replace(
            desired,
            unit_cost=unit_cost,
            reason=f"{self._reason}; {until(amount, leaving.move, self._builder)}",
            known_as=self._builder.unique_address(superseded.owner.address_of(live.product), live.id),
            depends_on=superseded.depends_on | first,
        )
        planned = planned_pair(self._builder, Pair(desired, live, superseded.evidence))
        return replace(planned, replaced=leaving.move.replaced)

    def _kept(self, leaving: Leaving) -> PlannedAddition:
        """Return the plan for an addition that keeps its quantity and gets its last day."""
        planned = self._followed(leaving, leaving.live.quantity, frozenset())
        if not self._bills or self._by_product:
            return planned
        what = plain_decimal(leaving.live.quantity)
        last = "" if leaving.move.last_day is None else f" until its last day, {leaving.move.last_day}"
        note = Note(
            address=planned.address,
            message=f"addition id {leaving.live.id} keeps its quantity of {what}{last}, because the mapping bills "
            "other products now; change it by hand if usage changes",
        )
        return replace(planned, notes=(*planned.notes, note))

    def _addition(
        self, product: Link, quantity: Decimal, price: Decimal | None, first_day: str, last_day: str | None
    ) -> DesiredAddition:
        owner = self._leaving[0].superseded.owner
        return DesiredAddition(
            owner=owner,
            agreement=self._link,
            product=product,
            quantity=quantity,
            unit_price=price,
            effective_date=first_day,
            reason=self._reason,
            last_day=last_day,
            end_reason=f"{owner.mapping_address} {MOVED}",
            billed_elsewhere=True,
        )


def _number(text: str | None) -> Decimal | None:
    """Return a number that the ledger has recorded."""
    return None if text is None else Decimal(text)


def by_owner(desired: Iterable[DesiredAddition]) -> Mapping[object, Sequence[DesiredAddition]]:
    """Return the desired additions of each owner."""
    found: dict[object, list[DesiredAddition]] = defaultdict(list)
    for each in desired:
        found[each.owner].append(each)
    return found


def until(amount: Decimal, move: Move, builder: ActionBuilder) -> str:
    """Return until when an addition on an old agreement bills an amount."""
    if not move.bills_on:
        return f"it bills nothing for {builder.period} any more"
    bills = amount_text(amount, builder.currency)
    if move.last_day is None:
        return f"it bills {bills} a month until the addition on the new agreement has ended and can begin anew"
    return f"it bills {bills} a month until its last day, {move.last_day}"
