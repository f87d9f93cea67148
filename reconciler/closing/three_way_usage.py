"""Turn the charges of a month into the lines that the three-way check expects, each on its agreement."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from decimal import Decimal

from reconciler.additions.charge import Charge
from reconciler.additions.charges import ChargedUsage
from reconciler.additions.live_additions import LiveAddition
from reconciler.additions.ownership import Owner, owner_of, owner_of_rule
from reconciler.closing.invoice import cycle_of, last_day_of
from reconciler.closing.three_way_lines import Lines, bills
from reconciler.closing.three_way_model import AgreementFacts, ExpectedCharge, ExpectedLine
from reconciler.kinds.billing_rules import Rule, product_label
from reconciler.kinds.customer_mapping import ProductReference
from reconciler.kinds.field_mapping import date_text
from reconciler.kinds.fields import ById, ByIdentifier
from reconciler.kinds.live_state import LiveState
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Manifests
from reconciler.metering.coverage import CoverageRow
from reconciler.metering.period import Period
from reconciler.rating.line_kinds import LineKinds

Links = Mapping[tuple[str | int, ...], Link]
Products = Mapping[ProductReference, Link]


def expected_charges(
    usage: ChargedUsage,
    rules: Iterable[Rule],
    homes: Mapping[Owner, int],
    agreements: Mapping[int, AgreementFacts],
    period: Period,
    products: Products,
) -> list[ExpectedCharge]:
    """Return what each charge of each mapping asks for. A mapping whose customer is excluded asks for nothing.

    `homes` has the agreement of each charge, and `products` are those of `product_links`.
    """
    charges = {owner_of(each).of_all_months: each for each in (*usage.charges, *usage.proposed)}
    rows = {(row.mapping, row.charge): row for row in usage.coverage.rows if row.mapping and row.device_id is None}
    return [
        _expected(
            rule,
            charges.get(owner_of_rule(rule)),
            rows.get((rule.name, rule.charge)),
            homes.get(owner_of_rule(rule)),
            agreements,
            period,
            products,
        )
        for rule in rules
    ]


def _expected(
    rule: Rule,
    charge: Charge | None,
    row: CoverageRow | None,
    number: int | None,
    agreements: Mapping[int, AgreementFacts],
    period: Period,
    products: Products,
) -> ExpectedCharge:
    facts = agreements.get(number or 0)
    owner = owner_of_rule(rule)
    start = "" if rule.start is None else rule.start.isoformat()
    first_day = max(period.first_day.isoformat(), start, "" if facts is None else facts.begins)
    if charge is None:
        return ExpectedCharge(owner, number, "", state="excluded", held=True, first_day=first_day)
    return ExpectedCharge(
        owner=owner,
        agreement_id=number,
        unit=rule.unit or "",
        lines=_lines(charge, products),
        state="billed" if row is None else row.state,
        detail="" if row is None else row.detail,
        held=charge.state == "held",
        first_day=first_day,
        reason=_reason(row, facts),
    )


def _reason(row: CoverageRow | None, facts: AgreementFacts | None) -> str:
    """Return why a charge with usage may have no line."""
    if row is not None and row.state == "proposed":
        return "the mapping is proposed"
    if facts is not None and not facts.is_monthly:
        return f"the agreement is billed {facts.cycle}, and not each month"
    return ""


def _lines(charge: Charge, products: Products) -> tuple[ExpectedLine, ...]:
    return tuple(
        ExpectedLine(
            product_id=None if (link := products.get(each.product)) is None else link.id,
            product=product_label(each.product) if link is None else link.name,
            quantity=each.quantity,
            unit_price=each.unit_price,
            amount=each.amount,
            cost=each.cost,
        )
        for each in charge.lines
    )


def is_billed_later(rule: Rule) -> bool:
    """Return whether a month gets its line only after it has ended."""
    return rule.lines == "perPeriod" and rule.invoiced == "advance"


def refused(charge: ExpectedCharge, others: Mapping[int, AgreementFacts], currency: str | None) -> ExpectedCharge:
    """Return a charge whose agreement is in another currency as refused. `others` are those agreements."""
    facts = others.get(charge.agreement_id or 0)
    if facts is None:
        return charge
    detail = f"agreement {facts.name} is in {facts.currency}, but the workspace bills in {currency}"
    return replace(charge, lines=(), held=True, state="refused", detail=detail)


def homes_of(rules: Iterable[Rule], live_state: LiveState, lines: Lines, period: Period) -> dict[Owner, int]:
    """Return the agreement of each charge: that of its mapping, or where our lines of the month are if it has none.

    A mapping that moved later, or is gone, has its lines of an ended month where they were written.
    """
    found: dict[Owner, int] = {}
    for rule in rules:
        owner = owner_of_rule(rule)
        link = live_state.links.get(f"CustomerMapping/{rule.name}", {}).get(("agreement",))
        declared = None if link is None else link.id
        written = {
            each.addition.agreement_id
            for each in lines.by_owner.get(owner, ())
            if each.sent and each.addition.monthly and bills(each, period)
        }
        home = declared if declared in written or not written else min(written)
        if home is not None:
            found[owner] = home
    return found


def product_links(
    today: Iterable[Rule], rules: Iterable[Rule], live_state: LiveState, additions: Iterable[LiveAddition]
) -> dict[ProductReference, Link]:
    """Return the product in ConnectWise of each reference in `rules`. One that is not found is left out.

    `today` are the rules of the manifests, whose references were looked up. A reference that only an earlier rule has
    is a product of the manifests, an id, or the identifier of a product that one of `additions` has.
    """
    found: dict[ProductReference, Link] = {}
    for rule in today:
        links = live_state.links.get(f"CustomerMapping/{rule.name}", {})
        for index, each in enumerate(rule.ranges):
            link = links.get((*rule.place, "product")) or links.get((*rule.place, "ranges", index, "product"))
            if link is not None:
                found[each.product] = link
    by_identifier = {each.product.casefold(): each.product_id for each in additions}
    for product in {each.product for rule in rules for each in rule.ranges} - found.keys():
        number = _id_of(product, live_state, by_identifier)
        if number is not None:
            found[product] = Link(product_label(product), number)
    return found


def _id_of(product: ProductReference, live_state: LiveState, by_identifier: Mapping[str, int | None]) -> int | None:
    if isinstance(product, ById):
        return product.id
    if isinstance(product, ByIdentifier):
        return by_identifier.get(product.identifier.casefold())
    live = live_state.matches.get(f"Product/{product}")
    return None if live is None else live.id


def written_products(rules: Iterable[Rule], lines: Lines, period: Period, known: Products) -> Products:
    """Return the products that rules of a past month name and ConnectWise does not have, such as renamed ones.

    They are the products of the lines that we wrote. If a charge has several of either, none is chosen.
    """
    found: dict[ProductReference, Link] = {}
    for rule in rules:
        unknown = {each.product for each in rule.ranges} - known.keys()
        taken = {known[each.product].id for each in rule.ranges if each.product in known}
        written = {
            each.addition.product_id: Link(each.addition.product, each.addition.product_id)
            for each in lines.by_owner.get(owner_of_rule(rule), ())
            if each.sent and bills(each, period) and each.addition.product_id not in taken
        }
        if len(unknown) == len(written) == 1:
            found[unknown.pop()] = next(iter(written.values()))
    return found


def as_invoiced(
    of_month: Iterable[ExpectedCharge], when_made: Mapping[Owner, ExpectedCharge], lines: Lines, period: Period
) -> list[ExpectedCharge]:
    """Return what each charge asks for, of an invoice that bills the level of the day on which it was made.

    `when_made` has the charges whose lines such an invoice bills, as they were then. A customer that came later counts
    with the usage of the month: no invoice of the month has it.
    """
    return [_when_made(each, when_made.get(each.owner), lines, period) for each in of_month]


def _when_made(charge: ExpectedCharge, earlier: ExpectedCharge | None, lines: Lines, period: Period) -> ExpectedCharge:
    if earlier is None:
        return charge
    has_line = any(bills(each, period) for each in lines.by_owner.get(charge.owner, ()))
    return earlier if has_line or any(each.amount for each in earlier.lines) else charge


def agreement_facts(manifests: Manifests, live_state: LiveState, numbers: Collection[int]) -> dict[int, AgreementFacts]:
    """Return what the check needs of these agreements. One that was not read is left out."""
    line_kinds = LineKinds(manifests, live_state)
    found = {}
    for number in numbers:
        live = live_state.objects.get(("Agreement", number))
        if live is None:
            continue
        raw = live.raw
        company = raw.get("company") or {}
        begins = (date_text(raw.get("startDate")), date_text(raw.get("billStartDate")))
        found[number] = AgreementFacts(
            id=number,
            name=str(raw.get("name") or "").strip() or f"id {number}",
            company=str(company.get("identifier") or "").strip(),
            invoiced=line_kinds.invoiced(Link(str(number), number)),
            own=Decimal(raw.get("billAmount") or 0),
            prorates=bool(raw.get("prorateFlag")),
            begins=max(each or "" for each in begins),
            ends=last_day_of(raw),
            next_invoice=date_text(raw.get("nextInvoiceDate")),
            cycle=cycle_of(raw),
            currency=str((raw.get("currency") or {}).get("currencyCode") or "").strip() or None,
        )
    return found
