"""A small estate in memory: one customer of the console, billed on one agreement with one product.

Only ConnectWise is simulated. Metering, matching, planning, the journal and the ledger are real.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.additions.agreements import BillingCycles
from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.additions.desired import BillingContext
from reconciler.additions.live_additions import live_additions
from reconciler.additions.plan import UsageInputs, UsagePart, plan_usage
from reconciler.additions.tag import parse
from reconciler.applying.requests import request_of
from reconciler.cli.ended_months import with_ended_months
from reconciler.cli.loading import load_usage
from reconciler.cli.planning import left_open_customers
from reconciler.kinds.live_state import LiveObject, LiveState
from reconciler.kinds.registry import kind
from reconciler.ledger.additions import (
    load_snapshot,
    record_approvals,
    record_billed_additions,
    record_hand_edits,
    record_observed_additions,
    record_tag_search,
)
from reconciler.ledger.journal import begin_run, write_answer, write_intent
from reconciler.ledger.line_amounts import record_line_amounts
from reconciler.ledger.month_ratings import RatedPulls, record_month_ratings
from reconciler.ledger.month_terms import record_month_terms
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.snapshot import AcceptedAmount, Approval, BilledAddition, Close
from reconciler.ledger.store import Ledger
from reconciler.live.match import Matcher
from reconciler.manifests.documents import Document, Manifests
from reconciler.metering.collect import Collected
from reconciler.metering.period import Period, local_date, period_of
from reconciler.planning.action import Action
from reconciler.planning.approvals import Approved
from reconciler.planning.part import Part
from tests.planning.builders import (
    NOW,
    agreement,
    company,
    contact,
    document,
    live,
    live_agreement,
    live_company,
    live_contact,
    mapping,
    product,
    solution,
)

GB = 10**9
TENANT = "https://api-na.example acme"
Used = Mapping[str, str]
"""Gigabytes by customer id."""


def workspace(**billing: Any) -> Document:
    """Return a workspace with one source: a console named cove, in GB."""
    secret = {"env": "X"}
    login = {"partner": "x", "username": "x", "password": secret}
    guardrails = billing.pop("guardrails", {})
    return document(
        "Workspace",
        "test",
        {
            "connectwise": {"site": "x", "company": "x", "clientId": "x", "publicKey": "x", "privateKey": secret},
            "usage": [{"name": "cove", "type": "cove", "unit": "GB", **login}],
            "billing": {"timezone": "Europe/Berlin", "currency": "USD", **billing},
            "guardrails": guardrails,
        },
    )


def live_product(number: int = 4, identifier: str = "BACKUP-GB", **raw: Any) -> LiveObject:
    return live("Product", number, {"identifier": identifier, "price": Decimal("0.25"), **raw})


def live_solution(number: int = 21, company_id: int = 5, name: str = "Cove", managed: str = "1001") -> LiveObject:
    raw = {"managementSolution": {"id": 1, "name": name}, "groupIdentifier": managed}
    return live("ManagementSolution", number, raw, company_id)


DECLARED = (company(), contact(), agreement(), solution(), product(), mapping())
LIVING = (
    live_company(),
    live_contact(),
    live_agreement(agreementStatus="Active", currency={"currencyCode": "USD"}),
    live_solution(),
    live_product(),
)


def manifests_of(
    documents: Iterable[Document], *, fallback: Mapping[str, Any] | None = None, **billing: Any
) -> Manifests:
    defaults = {} if fallback is None else {"CustomerMapping": fallback}
    return Manifests(Path("manifests"), workspace(**billing), tuple(documents), "sha256:x", defaults)


def live_state_of(found: Manifests, objects: Iterable[LiveObject]) -> LiveState:
    """Return the live state that reading these objects would give."""
    everything = tuple(objects)
    matcher = Matcher(found)
    for name in ("Company", "Contact", "Agreement", "Product", "ManagementSolution"):
        matcher.add(kind(name), [obj for obj in everything if obj.kind == name])
    matches = matcher.matches(each for each in found.documents if each.kind.collection)
    links = {each.address: matcher.links(each) for each in (*found.documents, found.workspace)}
    assert matcher.problems == []
    return LiveState(
        matches=matches,
        links=links,
        objects={(obj.kind, obj.id): obj for obj in everything if obj.parent_id is None},
        additions=grouped(obj for obj in everything if obj.kind == "Addition"),
        solutions=grouped(obj for obj in everything if obj.kind == "ManagementSolution"),
    )


def grouped(objects: Iterable[LiveObject]) -> dict[int, list[LiveObject]]:
    found: dict[int, list[LiveObject]] = {}
    for obj in objects:
        found.setdefault(obj.parent_id or 0, []).append(obj)
    return found


def applied(actions: Iterable[Action], objects: Iterable[LiveObject]) -> list[LiveObject]:
    """Return the additions after these actions."""
    found = {obj.id: obj for obj in objects}
    for action in actions:
        fields = {change.path: change.after for change in action.changes}
        if action.id is None:
            number = max(found, default=100) + 1
            parent, of = fields.pop("agreement"), fields.pop("product")
            raw = {"product": {"id": of["id"], "identifier": of["name"]}, **numbers(fields)}
            found[number] = live("Addition", number, raw, parent["id"])
        else:
            found[action.id] = replace(found[action.id], raw={**found[action.id].raw, **numbers(fields)})
    return list(found.values())


def numbers(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields with numbers as `Decimal`, as in a response. In a plan they are text."""
    numeric = {"quantity", "unitPrice", "unitCost", "lessIncluded"}
    return {name: Decimal(value) if name in numeric else value for name, value in fields.items()}


class Scene:
    """Documents, live objects and a clock that a test changes."""

    def __init__(self, ledger: Ledger, **billing: Any) -> None:
        self.ledger = ledger
        self.billing = billing
        self.fallback: Mapping[str, Any] | None = None
        self.closes: list[Close] = []
        self.accepted: list[AcceptedAmount] = []
        self.pulls = RatedPulls()
        self.now = NOW
        self.documents = {each.address: each for each in DECLARED}
        self.objects = {(obj.kind, obj.id): obj for obj in LIVING}

    def declare(self, *documents: Document) -> None:
        self.documents |= {each.address: each for each in documents}

    def live(self, *objects: LiveObject) -> None:
        self.objects |= {(obj.kind, obj.id): obj for obj in objects}

    @property
    def additions(self) -> list[LiveObject]:
        return [obj for obj in self.objects.values() if obj.kind == "Addition"]

    def uses(self, used: Used, *, at: datetime | None = None, failed: bool = False, names: Used | None = None) -> None:
        """Record a pull of the console. Each customer has one device."""
        moment = at or self.now
        record_pull(
            self.ledger,
            Pull(
                "cove",
                moment,
                moment + timedelta(seconds=9),
                "failed" if failed else "whole",
                tuple(Customer("cove", each, (names or {}).get(each, f"Customer {each}")) for each in used),
                tuple(Sample("cove", each, f"d{each}", moment, int(Decimal(size) * GB)) for each, size in used.items()),
                "no network" if failed else None,
            ),
        )

    @property
    def manifests(self) -> Manifests:
        return manifests_of(self.documents.values(), fallback=self.fallback, **self.billing)

    @property
    def live_state(self) -> LiveState:
        return live_state_of(self.manifests, self.objects.values())

    @property
    def period(self) -> Period:
        return period_of(self.now, "Europe/Berlin")

    def to_charge(self, fresh: Sequence[Collected] = ()) -> ChargeInputs:
        return load_usage(self.manifests, self.live_state, self.ledger, self.now, fresh)

    def planned(
        self,
        *,
        setup: bool = False,
        approve: Sequence[Approved] = (),
        prune: bool = False,
        fresh: Sequence[Collected] = (),
        cycles: BillingCycles | None = None,
    ) -> UsagePart:
        """Return the plan of usage and the ledger records, without recording them."""
        found, spec = self.manifests, self.manifests.workspace.spec
        snapshot = load_snapshot(self.ledger, "test", TENANT, str(self.period))
        loaded = with_ended_months(
            self.to_charge(fresh),
            found,
            self.live_state,
            snapshot,
            self.ledger,
            TENANT,
            fresh,
            closes=self.closes,
            accepted=self.accepted,
        )
        self.pulls = loaded.ratings.pulls
        to_charge = loaded.to_charge
        usage = charge_usage(to_charge)
        context = BillingContext(
            manifests=found,
            live_state=self.live_state,
            period=usage.period,
            today=local_date(self.now, spec.billing.timezone),
            currency=spec.billing.currency,
            setup=setup,
            cycles=cycles or {},
        )
        return plan_usage(
            UsageInputs(
                usage,
                to_charge.rules,
                snapshot,
                context,
                spec,
                tuple(approve),
                prune,
                future=to_charge.future,
                terms=loaded.terms,
                left_open=left_open_customers(self.closes),
                accepted=self.accepted,
                ratings=loaded.ratings.known,
                amounts=loaded.amounts,
            )
        )

    def plan(self, **options: Any) -> Part:
        """Do what `reconciler plan` does: plan, and record which additions are ours."""
        found = self.planned(**options)
        self._record_read(found)
        record_tag_search(self.ledger, "test", TENANT, self.now)
        return found.part

    def apply(self, only: Sequence[Action] | None = None, **options: Any) -> Sequence[Action]:
        """Carry out the plan, or `only` these of its actions, and record the result. Return the actions."""
        found = self.planned(**options)
        self._record_read(found)
        todo = found.part.actions if only is None else only
        before = {obj.id for obj in self.additions}
        self.live(*applied(todo, self.additions))
        made = iter(sorted({obj.id for obj in self.additions} - before))
        run = begin_run(self.ledger, "test", "sha256:x", self.now)
        done: dict[str, int] = {}
        for action in todo:
            request = request_of(action, {}, {}, lambda _secret: "")
            intent = write_intent(
                self.ledger,
                run,
                action.address,
                method=request.method,
                path=request.path,
                body=request.recorded_body,
                natural_key=request.natural_key,
                now=self.now,
            )
            number = next(made) if action.id is None else action.id
            write_answer(self.ledger, intent, "done", object_id=number, now=self.now)
            done[action.address] = number
        self._note(found, done)
        for trip in found.part.tripped:
            if any(each.covers(trip) for each in options.get("approve", ())):
                approval = Approval(trip.name, trip.address, str(self.period), "ann@desk", self.now)
                record_approvals(self.ledger, "test", [approval])
        return list(todo)

    def _record_read(self, found: UsagePart) -> None:
        record_observed_additions(self.ledger, "test", TENANT, found.records.observed_additions, self.now)
        record_hand_edits(self.ledger, "test", TENANT, found.records.hand_edits)
        record_line_amounts(self.ledger, "test", TENANT, found.records.amounts, self.now)
        record_month_ratings(self.ledger, "test", TENANT, found.records.ratings, self.pulls, self.now)

    def _note(self, found: UsagePart, done: Mapping[str, int]) -> None:
        billed = [
            BilledAddition(number, each.agreement[0], each.product[0], each.tag, each.customer, each.fields, each.rule)
            for each in found.records.billed
            if (number := done.get(each.address) if each.changes else each.addition_id) is not None
        ]
        record_billed_additions(self.ledger, "test", TENANT, billed, str(self.period), self.now)
        record_month_terms(self.ledger, "test", TENANT, found.records.terms, self.now)

    def hour(self, used: Used, *, at: datetime | None = None) -> Sequence[Action]:
        """Do what the hourly job does: pull the console, plan, and apply."""
        self.now = at or self.now + timedelta(hours=1)
        self.uses(used)
        return self.apply()

    def billed(self) -> dict[int, Decimal]:
        """Return the quantity of each addition, by its id."""
        return {obj.id: Decimal(obj.raw["quantity"]) for obj in self.additions}

    def money(self) -> Decimal:
        """Return the amount per month of our additions."""
        ours = live_additions(self.live_state, self.period.first_day.isoformat(), "USD")
        return sum((each.monthly for each in ours if each.tag is not None), Decimal(0))


def ours(obj: LiveObject) -> bool:
    return parse(obj.raw.get("serialNumber")) is not None
