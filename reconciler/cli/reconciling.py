"""Load what `usage reconcile` needs from ConnectWise and the ledger, and check it. No usage source is pulled."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.additions.charges import charge_usage
from reconciler.additions.live_additions import LiveAddition, all_additions
from reconciler.additions.ownership import Owner, owner_of_rule
from reconciler.additions.tag_search import tag_search
from reconciler.cli.month_rules import (
    RecordedRules,
    known_usage,
    rules_today,
    usage_by,
    with_dated_prices,
    with_late_usage,
)
from reconciler.cli.session import Session
from reconciler.cli.show_usage import USAGE
from reconciler.cli.stood import TOLERANCE, Stood
from reconciler.closing.three_way import ToCheck, check
from reconciler.closing.three_way_invoice_lines import NO_LINES, FileLines, check_names
from reconciler.closing.three_way_invoices import READ_BEFORE, Invoice, Invoices, invoice_of, invoices_of_month
from reconciler.closing.three_way_lines import Lines, lines_of
from reconciler.closing.three_way_model import AgreementFacts, ExpectedCharge, Standing
from reconciler.closing.three_way_rules import MonthRules, rule_at, rules_of_month
from reconciler.closing.three_way_standing import on_next_invoice, standing_now
from reconciler.closing.three_way_usage import (
    Products,
    agreement_facts,
    as_invoiced,
    expected_charges,
    homes_of,
    is_billed_later,
    product_links,
    refused,
    written_products,
)
from reconciler.kinds.billing_rules import Rule
from reconciler.kinds.live_state import LiveState
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.pulls import latest_pull
from reconciler.ledger.snapshot import Snapshot
from reconciler.live.invoices import read_agreement_invoices, read_combined_invoices
from reconciler.live.read import read_live_state
from reconciler.live.undeclared_agreements import with_undeclared_agreements
from reconciler.metering.coverage import Coverage
from reconciler.metering.period import Period
from reconciler.rendering.counts import numbered

Homes = Mapping[Owner, int]
"""The agreement of each charge."""
_FEW = 5
"""The most numbers of invoices that a note names."""
_RUNNING = "the month is not over: usage counts until now"
_NONE_INVOICED = "no agreement is invoiced for this month yet: the check compares usage with additions only"
_WITHOUT_LINES = "ConnectWise gives the totals of invoices, and not their lines"


async def check_period(session: Session, period: Period, file: FileLines = NO_LINES) -> dict[str, Any]:
    """Return the three-way check of a month as JSON. `file` has the lines of invoices that a person exported."""
    now = session.context.now
    live_state, snapshot = await _read(session, period)
    currency = session.workspace.billing.currency
    every = agreement_facts(session.manifests, live_state, live_state.additions.keys())
    others = {number: facts for number, facts in every.items() if currency and facts.currency not in (None, currency)}
    agreements = {number: facts for number, facts in every.items() if number not in others}
    check_names(file, agreements.values())
    invoices = await _invoices(session, agreements, period)
    combined = await _combined(session, agreements, invoices, period)
    recorded = RecordedRules(session)
    today = rules_today(session, live_state, period)
    running = now < period.end
    terms = today
    if not running:
        terms = rules_of_month(today, recorded.of(period).values(), recorded.first_after(period, today.rules))
    live = [each for each in all_additions(live_state, currency) if each.agreement_id not in others]
    if not running:
        known = product_links(today.rules, terms.rules, live_state, live)
        terms = with_dated_prices(session, terms, today, known, live_state, period)
    loaded = _Loaded(session, period, snapshot, agreements, invoices, terms, recorded)
    usage = known_usage(session, terms, min(now, period.end - timedelta.resolution), period)
    if not running:
        usage = with_late_usage(session, usage, terms, period)
    standing = loaded.stood.of(live)
    lines = loaded.lines(standing, today.rules)
    homes = homes_of(terms.rules, live_state, lines, period)
    at_invoice = loaded.rules_at_invoice(homes)
    earlier = [rule for rules in at_invoice.values() for rule in rules]
    products = product_links(today.rules, [*terms.rules, *earlier], live_state, live)
    if not running:
        products = {**written_products(terms.rules, lines, period, products), **products}
    charges = expected_charges(usage, terms.rules, homes, agreements, period, products)
    not_due = {owner_of_rule(rule) for rule in terms.rules if running and is_billed_later(rule)}
    charges = [refused(replace(each, due=each.owner not in not_due), others, currency) for each in charges]
    when_made = loaded.when_made(at_invoice, homes, products)
    now_too = loaded.now(charges, live, today.rules) if running and when_made else None
    return check(
        ToCheck(
            workspace=session.manifests.workspace.name,
            period=period,
            timezone=session.workspace.billing.timezone,
            currency=loaded.currency,
            at=now,
            charges=as_invoiced(charges, when_made, lines, period),
            lines=lines,
            standing=standing,
            agreements=agreements,
            coverage=usage.coverage,
            invoices=invoices,
            file=file,
            now=now_too,
            combined=combined,
            notes=[
                *_in_other_currencies(others.values()),
                *_notes(invoices, agreements, file, terms, running=running),
                *([] if running else _exclusions_of_today(usage.coverage)),
            ],
        )
    )


def _exclusions_of_today(coverage: Coverage) -> Iterator[str]:
    if any(row.state == "unmapped" for row in coverage.rows):
        yield "which customers are excluded is that of today: the ledger keeps it only of customers that are billed"


def _in_other_currencies(agreements: Iterable[AgreementFacts]) -> Iterator[str]:
    for facts in sorted(agreements, key=lambda each: (each.name.casefold(), each.id)):
        yield f"agreement {facts.name} is in {facts.currency}: it is not compared, because amounts are not converted"


def _notes(
    invoices: Mapping[int, Invoices],
    agreements: Mapping[int, AgreementFacts],
    file: FileLines,
    terms: MonthRules,
    *,
    running: bool,
) -> Iterator[str]:
    if running:
        yield _RUNNING
    elif terms.unrecorded:
        yield f"the ledger has no bill of {numbered(terms.unrecorded, 'charge')} in this month: rated by today's rules"
    for facts in agreements.values():
        if not facts.is_monthly:
            yield f"agreement {facts.name} is billed {facts.cycle}: its invoices are not compared with this month"
    every = [(agreements[number], invoice) for number, each in invoices.items() for invoice in each.valid]
    used = [len(file.of(invoice, facts)) for facts, invoice in every]
    if not every:
        yield _NONE_INVOICED
    elif not file.count:
        yield _WITHOUT_LINES
    elif 0 in used:
        yield f"the file has no line of {numbered(used.count(0), 'invoice')}: of those, the totals are compared"
    if rest := max(0, file.count - sum(used)):
        unused = sorted(set(file.by_invoice) - {invoice.number for _, invoice in every})
        names = f" (invoice {', '.join(unused[:_FEW])}{', …' if len(unused) > _FEW else ''})" if unused else ""
        yield f"{numbered(rest, 'line')} in the file are of other months or of other agreements{names}"


async def _read(session: Session, period: Period) -> tuple[LiveState, Snapshot]:
    """Read the agreements of all mappings, and every other one of the tenant that has an addition of ours.

    Of each, all additions are read, because an invoice bills them all.
    """
    workspace = session.manifests.workspace.name
    live_state = await read_live_state(session.client, session.manifests, USAGE)
    snapshot = load_snapshot(
        session.ledger, workspace, session.tenant, str(period), edits_since=period.start - READ_BEFORE
    )
    search = tag_search(snapshot, [source.name for source in session.workspace.usage], period)
    found = await with_undeclared_agreements(
        session.client, live_state, search.agreements, search.is_ours, search=True, whole=True
    )
    return found.live_state, snapshot


async def _invoices(session: Session, agreements: Mapping[int, AgreementFacts], period: Period) -> dict[int, Invoices]:
    """Read the invoices of the agreements, and return those of the month, by agreement."""
    since, running = period.first_day - READ_BEFORE, session.context.now < period.end
    rows = await read_agreement_invoices(session.client, agreements.keys(), since, period.first_day)
    every = defaultdict(list)
    for invoice in map(invoice_of, rows):
        every[invoice.agreement_id].append(invoice)
    return {
        number: invoices_of_month(facts, every[number], period, running=running) for number, facts in agreements.items()
    }


async def _combined(
    session: Session, agreements: Mapping[int, AgreementFacts], invoices: Mapping[int, Invoices], period: Period
) -> dict[str, list[Invoice]]:
    """Return the invoices that combine agreements, by company. They are read only if an agreement misses its own."""
    found: dict[str, list[Invoice]] = defaultdict(list)
    missing = {agreements[number].company for number, each in invoices.items() if each.state == "missing"}
    if missing:
        for row in await read_combined_invoices(session.client, period.first_day):
            found[str((row.get("company") or {}).get("identifier") or "").strip()].append(
                invoice_of({**row, "agreement": {"id": 0}})
            )
    return {company: some for company, some in found.items() if company in missing}


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What the check has read. It finds usage and additions as they were when each invoice was made."""

    session: Session
    period: Period
    snapshot: Snapshot
    agreements: Mapping[int, AgreementFacts]
    invoices: Mapping[int, Invoices]
    terms: MonthRules
    """The rules of the month."""
    recorded: RecordedRules
    _pulls: dict[tuple[str, datetime], datetime] = field(default_factory=dict)
    """The last pull of a source before a moment."""

    @property
    def currency(self) -> str | None:
        """Return the currency of all amounts."""
        return self.session.workspace.billing.currency

    @property
    def stood(self) -> Stood:
        """Return what finds the additions as they stood."""
        session = self.session
        return Stood(
            session.ledger,
            session.manifests.workspace.name,
            session.tenant,
            self.snapshot,
            self.agreements,
            self.invoices,
            self.period,
            session.workspace.billing,
            session.context.now,
        )

    def lines(self, standing: Iterable[Standing], today: Iterable[Rule]) -> Lines:
        """Return additions by whom they belong to. `today` are the rules of the manifests."""
        sources = [source.name for source in self.session.workspace.usage]
        owners = [*dict.fromkeys(owner_of_rule(rule) for rule in (*self.terms.rules, *today))]
        return lines_of(standing, owners, sources, self.snapshot, self.period)

    def now(
        self, charges: Iterable[ExpectedCharge], live: Iterable[LiveAddition], today: Sequence[Rule]
    ) -> tuple[Sequence[ExpectedCharge], Lines]:
        """Return charges and additions as the next invoice has them, without charges whose lines end before it."""
        standing, ending = on_next_invoice(standing_now(live, self.snapshot), self.agreements, self.period)
        lines, ended = self.lines(standing, today), self.lines(ending, today).by_owner
        return [each for each in charges if each.owner in lines.by_owner or each.owner not in ended], lines

    def rules_at_invoice(self, homes: Homes) -> dict[datetime, list[Rule]]:
        """Return the rules of all-month lines on invoiced agreements, as they were when the invoice was made.

        They are listed by the time of the last pull before the invoice: its usage is what the invoice bills.
        """
        by_pull: dict[datetime, list[Rule]] = defaultdict(list)
        for rule in self.terms.rules:
            made = self.stood.made_at(homes.get(owner_of_rule(rule), 0))
            if made is not None and rule.lines == "rolling":
                recorded = self.recorded.at((rule.source, rule.customer_id, rule.charge), made, self.period)
                was = rule_at(rule, recorded, made + TOLERANCE, self.period)
                if was.end is None or was.end >= self.period.first_day:  # else its line has ended before the month
                    by_pull[self._last_pull(rule.source, made)].append(was)
        return by_pull

    def when_made(
        self, at_invoice: Mapping[datetime, Sequence[Rule]], homes: Homes, products: Products
    ) -> dict[Owner, ExpectedCharge]:
        """Return the charges of all-month lines on invoiced agreements, as the day of the invoice gives them."""
        found: dict[Owner, ExpectedCharge] = {}
        for moment, rules in at_invoice.items():
            inputs = usage_by(self.session, replace(self.terms, rules=rules), moment)
            usage = charge_usage(replace(inputs, default_rules=(), partial=True))
            charges = expected_charges(usage, rules, homes, self.agreements, self.period, products)
            found |= {charge.owner: charge for charge in charges}
        return found

    def _last_pull(self, source: str, moment: datetime) -> datetime:
        if (source, moment) not in self._pulls:
            pull = latest_pull(self.session.ledger, source, before=moment + TOLERANCE)
            self._pulls[source, moment] = moment if pull is None else pull.started_at
        return self._pulls[source, moment]
