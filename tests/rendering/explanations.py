"""An explanation as JSON with something in each of its parts."""

from __future__ import annotations

from typing import Any

T = "2026-11-10T12:00:00+00:00"
HOSTILE = "Acme\x1b[2J <b>&\nBolt"


def device(name: str | None = "d77", *, held: bool = False) -> dict[str, Any]:
    return {"device": name, "bytes": 119_400_000_000, "read_at": T, "held": held}


def hour(*devices: dict[str, Any], never: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "hour": T,
        "pull": 7,
        "observed_at": T,
        "bytes": 119_400_000_000,
        "devices": list(devices),
        "never_reported": list(never),
    }


def line(**more: Any) -> dict[str, Any]:
    fields = {
        "quantity": "120",
        "unitPrice": "0.25",
        "lessIncluded": "0",
        "effectiveDate": "2026-11-01",
        "cancelledDate": None,
    }
    live = {"id": 99, "agreement": 9, "product": "GB", "last_updated": T, "fields": fields}
    return {
        "address": "Addition/acme.storage:gb",
        "state": "up to date",
        "why": "119.4 GB used, 120 GB billed",
        "text": "Backup per GB",
        "live": live,
        "monthly": "30.00",
        "sent": fields,
        **more,
    }


def write(**more: Any) -> dict[str, Any]:
    return {
        "write": 1,
        "run": 3,
        "who": "ann@desk",
        "commit": "0123456789abcdef",
        "before_period": False,
        "after_period": False,
        "address": "Addition/acme.storage:gb",
        "action": "update",
        "reason": "119.4 GB used, 120 GB billed",
        "sent_at": T,
        "request": "PATCH finance/agreements/9/additions/99",
        "sent": {"quantity": "120", "product": {"id": 4}},
        "answered_at": T,
        "state": "done",
        "answer": {"quantity": "120.00", "lastUpdated": None},
        "read_back": "the answer has every value that was sent",
        **more,
    }


def charge(**more: Any) -> dict[str, Any]:
    steps = [
        {"step": "measure", "value": "119400000000", "unit": "bytes", "text": "the newest hour"},
        {"step": "price", "value": "unknown", "unit": "USD", "text": "product gb has no price"},
    ]
    values = [
        {"name": "measure", "value": "last", "origin": "the default"},
        {"name": "rounding", "value": {"mode": "up"}, "origin": "acme.yaml:9"},
        {"name": "price of gb", "value": None, "origin": "the product in ConnectWise"},
        {"name": "billing.maxAge", "value": 6, "origin": "the default"},
    ]
    lab = {"name": "Exclusion/lab", "device": "d9", "reason": "a laboratory", "until": "2026-11-30"}
    return {
        "mapping": "CustomerMapping/acme",
        "billed_by": "rolling",
        "rule": {
            "digest": "sha256:aa",
            "values": values,
            "exclusions": [lab, {**lab, "device": None, "until": None}],
            "holds": {"from": "manifests", "at": T, "by": None},
            "in_use": None,
        },
        "frozen": None,
        "before": None,
        "state": "billed",
        "why": "",
        "steps": steps,
        "lines": [],
        "hours": {
            "from": "2026-11-01T00:00:00+00:00",
            "measure": "last",
            "what": "bytes",
            "known": 229,
            "unknown": [{"from": T, "to": T, "hours": 3, "reason": "there was no pull in this hour"}],
            "chosen": [hour(device(), device(None, held=True), never=("d8",))],
        },
        **more,
    }


def explanation(**more: Any) -> dict[str, Any]:
    failed = {"pull": 8, "at": T, "state": "failed", "reason": "no network", "approved_by": None, "approved_at": None}
    approved = {**failed, "state": "whole", "reason": "it lost 3 devices", "approved_by": "ann@desk"}
    return {
        "format_version": 1,
        "workspace": "test",
        "address": "cove/77",
        "customer": {"source": "cove", "id": "77", "name": "Acme"},
        "period": {"name": "2026-11", "start": T, "end": T, "timezone": "Europe/Berlin", "running": True},
        "currency": "USD",
        "made_at": T,
        "as_of": T,
        "notes": ["the usage of this month is rated by the rules of today"],
        "closes": [],
        "adjustments": [],
        "month": None,
        "invoices": [],
        "coverage": [{"state": "billed", "detail": "", "accounted": True}],
        "lines": [line()],
        "charges": [charge()],
        "pulls": {
            "source": "cove",
            "pulls": 231,
            "whole": 230,
            "failed": 1,
            "not_believed": 0,
            "first": T,
            "last": T,
            "others": [failed, approved],
        },
        "writes": [write(before_period=True), write(who=None, commit=None, action=None, reason=None, answer=None)],
        "approvals": [
            {"guardrail": "samples", "address": None, "given_by": "ann@desk", "given_at": T},
            {"guardrail": "zero", "address": "CustomerMapping/acme", "given_by": "ann@desk", "given_at": T},
        ],
        "hand_edits": [{"address": "Addition/acme.storage:gb", "seen_at": T, "fields": {"quantity": "130"}}],
        **more,
    }
