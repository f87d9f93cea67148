"""Explain a customer of a scene: the values that `usage explain` loads, without a session."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from reconciler.additions.charges import ChargeInputs, charge_usage
from reconciler.cli.loading import load_customer
from reconciler.closing.explanation import explain
from reconciler.closing.to_explain import Lines, Past, ToExplain
from reconciler.closing.values import rule_values
from reconciler.kinds.customer_mapping import CustomerMappingSpec
from reconciler.ledger.additions import load_snapshot
from reconciler.ledger.pulls import pulls_between
from reconciler.manifests.documents import Document
from tests.additions.scene import TENANT, Scene

ACME = ("cove", "77")


def inputs_of(scene: Scene, customer: tuple[str, str] = ACME) -> ChargeInputs:
    return load_customer(scene.manifests, scene.live_state, scene.ledger, scene.now, customer)


def place_of(document: Document, path: tuple[str | int, ...]) -> str:
    return f"{document.origin.file}:{path[-1]}"


def to_explain(scene: Scene, *, past: dict[str, Any] | None = None, **more: Any) -> ToExplain:
    """Return what an explanation of customer 77 is made from."""
    inputs, manifests, period = inputs_of(scene), scene.manifests, scene.period
    snapshot = load_snapshot(scene.ledger, "test", TENANT, str(period))
    (document,) = manifests.of(CustomerMappingSpec)
    values = [*rule_values(document, manifests, scene.live_state, period.first_day, place_of)]
    pulls = pulls_between(scene.ledger, "cove", period.start, period.end)
    known: dict[str, Any] = {
        "workspace": "test",
        "address": "cove/77",
        "source": "cove",
        "customer_id": "77",
        "name": "Acme",
        "at": scene.now,
        "inputs": inputs,
        "usage": charge_usage(inputs),
        "values": {document.name: values},
        "coverage": (),
        "lines": Lines(scene.planned().views, snapshot.additions),
        "past": Past(pulls=pulls, **(past or {})),
    }
    return ToExplain(**{**known, **more})


def explained(scene: Scene, **more: Any) -> Any:
    return explain(to_explain(scene, **more))


def at(day: int, hour: int = 0, *, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)
