"""A whole estate in memory, hour by hour: one customer of the console, billed on one agreement by one product.

Only ConnectWise is played: matching, metering, planning, the journal and the ledger are the real ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from reconciler.applying.requests import request_of
from reconciler.kinds.estate import Estate, LiveObject
from reconciler.kinds.registry import kind
from reconciler.ledger.journal import begin_run, write_answer, write_intent
from reconciler.ledger.recording import record_pull
from reconciler.ledger.records import Customer, Pull, Sample
from reconciler.ledger.store import Ledger
from reconciler.live.match import Matcher
from reconciler.manifests.documents import Document, Manifests
from reconciler.planning.plan import Action
from reconciler.planning.standing import mark_of, monthly, overlaps
from reconciler.usage.plan import Metering, UsagePlan, dates_of, plan_usage
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
Used = Mapping[str, str]
"""Gigabytes by customer id."""


def workspace(**billing: Any) -> Document:
    """A console called cove, in GB."""
    secret = {"env": "X"}
    login = {"partner": "x", "username": "x", "password": secret}
    return document(
        "Workspace",
        "test",
        {
            "connectwise": {"site": "x", "company": "x", "clientId": "x", "publicKey": "x", "privateKey": secret},
            "usage": [{"name": "cove", "type": "cove", "unit": "GB", **login}],
            "billing": {"timezone": "Europe/Berlin", "currency": "USD", **billing},
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


def estate_of(found: Manifests, objects: Iterable[LiveObject]) -> Estate:
    """What reading would make of these objects."""
    everything = tuple(objects)
    matcher = Matcher(found)
    for name in ("Company", "Contact", "Agreement", "Product", "ManagementSolution"):
        matcher.add(kind(name), [obj for obj in everything if obj.kind == name])
    matches = matcher.matches(each for each in found.documents if each.kind.collection)
    links = {each.address: matcher.links(each) for each in found.documents}
    assert matcher.problems == []
    return Estate(
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
    """The additions as these actions would leave them."""
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
    """Numbers of a plan are text; those of an answer are numbers."""
    numeric = {"quantity", "unitPrice", "lessIncluded"}
    return {name: Decimal(value) if name in numeric else value for name, value in fields.items()}


class Scene:
    """Documents and live objects that a test adds to and takes from; and the time."""

    def __init__(self, ledger: Ledger, **billing: Any) -> None:
        self.ledger = ledger
        self.billing = billing
        self.fallback: Mapping[str, Any] | None = None
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
        """The console was read: customers, each with one device."""
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
    def metering(self) -> Metering:
        found = manifests_of(self.documents.values(), fallback=self.fallback, **self.billing)
        return Metering(found, self.ledger, self.now, estate_of(found, self.objects.values()))

    def plan(self, *, setup: bool = False) -> UsagePlan:
        return plan_usage(self.metering, (), setup=setup)

    def apply(self, actions: Sequence[Action] | None = None) -> Sequence[Action]:
        """Does what the plan says, and notes it in the journal; returns what was done."""
        todo = self.plan().additions.actions if actions is None else actions
        before = {obj.id for obj in self.additions}
        self.live(*applied(todo, self.additions))
        made = iter(sorted({obj.id for obj in self.additions} - before))
        run = begin_run(self.ledger, "test", "sha256:x", self.now)
        for action in todo:
            request = request_of(action, {}, {}, lambda _secret: "")
            intent = write_intent(
                self.ledger,
                run,
                action.address,
                method=request.method,
                path=request.path,
                body=request.journalled,
                natural_key=request.natural_key,
                now=self.now,
            )
            number = next(made) if action.id is None else action.id
            write_answer(self.ledger, intent, "done", object_id=number, now=self.now)
        return todo

    def hour(self, used: Used, *, at: datetime | None = None) -> Sequence[Action]:
        """The hourly job: the console is read, and the plan done."""
        self.now = at or self.now + timedelta(hours=1)
        self.uses(used)
        return self.apply()

    def billed(self) -> dict[int, Decimal]:
        """Quantities by addition."""
        return {obj.id: Decimal(obj.raw["quantity"]) for obj in self.additions}

    def money(self) -> Decimal:
        """What our additions bill in the month."""
        dates = dates_of(self.metering.period)
        return sum((monthly(obj) for obj in self.additions if mark_of(obj) and overlaps(obj, dates)), Decimal(0))
