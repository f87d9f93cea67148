"""Drift: how ConnectWise differs from the manifests, made from a plan. Every form of a plan shows it.

A plan says what an apply would write. Drift is the same, said from the side of ConnectWise: what it holds, what is
declared, and what we last wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.rendering.changes import ADDITION
from reconciler.rendering.counts import numbered
from reconciler.rendering.times import time_text

Json = Mapping[str, Any]

_EDITED = "changed in ConnectWise since our last write"
_DELETED = "deleted in ConnectWise since our last write"
_DECLARED = "declared since our last write, and not applied yet"
_NEW = "declared, and never applied"
_RETIRED = "to be retired, and not applied yet"
_UNKNOWN = "differs, and the ledger does not say who changed it"
_KEEP = "To keep what ConnectWise has, write it into the manifest: `reconciler show ADDRESS` names the file."
_APPLY = "To write what is declared, run `reconciler plan --out plan.json`, then `reconciler apply plan.json`."
_ADVICE = {
    _EDITED: (_APPLY, _KEEP),
    _UNKNOWN: (_APPLY, _KEEP),
    _DELETED: (_APPLY, "To do without an object that was deleted in ConnectWise, remove its document."),
    _DECLARED: (_APPLY,),
    _NEW: (_APPLY,),
    _RETIRED: (_APPLY,),
}


@dataclass(frozen=True, slots=True)
class Drift:
    """The drift of a plan."""

    plan: Json
    """The plan with the objects that differ only, and with the cause of each as its reason."""
    objects: int
    """The number of objects that differ."""
    causes: Mapping[str, int]
    """The number of objects by cause."""
    since: str | None
    """The first time at which ConnectWise changed one of the objects that someone edited. None if none was edited."""
    advice: tuple[str, ...]
    """What to do, as sentences."""

    def to_json(self) -> dict[str, Any]:
        """Return the drift as JSON for programs."""
        return {"objects": self.objects, "since": self.since, "causes": dict(self.causes)}

    @property
    def headline(self) -> str:
        """Return what the heading says: how many objects differ, and since when."""
        if not self.objects:
            return "none"
        since = f", since {time_text(self.since)}" if self.since else ""
        return f"{numbered(self.objects, 'object')} {'differs' if self.objects == 1 else 'differ'}{since}"

    @property
    def leads(self) -> list[tuple[str, str]]:
        """Return the number of objects with each cause, the most frequent cause first."""
        return [(numbered(number, "object"), cause) for cause, number in self.causes.items()]


def drift_of(plan: Json) -> Drift:
    """Return the drift of a plan. A usage line counts only if someone edited it: usage moves each hour.

    `plan` is the JSON of a plan file. Of its warnings, those about objects that no document declares any longer stay.
    Coverage is left out, because it has reports of its own.
    """
    actions = [_told(action) for action in (*plan["actions"], *(plan.get("held") or ())) if _is_drift(action)]
    causes = Counter(action["cause"] for action in actions)
    edited = [action for action in actions if action["cause"] == _EDITED]
    times = [each["precondition"]["last_updated"] for each in edited if each["precondition"]]
    return Drift(
        plan={
            **plan,
            "actions": actions,
            "held": (),
            "coverage": (),
            "guardrails": _guardrails(plan) if actions else (),
            "warnings": [note for note in plan["warnings"] if note["id"] is not None] if actions else (),
        },
        objects=len(actions),
        causes=dict(causes.most_common()),
        since=min((time for time in times if time), default=None),
        advice=tuple(dict.fromkeys(sentence for cause in causes for sentence in _ADVICE[cause])),
    )


def _guardrails(plan: Json) -> list[Json]:
    """Return the guardrails that an apply of the drift would trip. Those of customers are about usage."""
    return [trip for trip in plan["guardrails"] if not trip["holds"]]


def _is_drift(action: Json) -> bool:
    return action["kind"] != ADDITION or any(_is_edited(change) for change in action["changes"])


def _is_edited(change: Json) -> bool:
    return bool((change.get("last_written") or {}).get("edited"))


def _told(action: Json) -> Json:
    """Return an action with its cause, and with changes that are told from the side of ConnectWise."""
    cause = _cause(action)
    when = action["written_at"]
    changes = [{**change, "drift": True, "written_at": when} for change in action["changes"]]
    changed = (action["precondition"] or {}).get("last_updated") if cause == _EDITED else None
    reason = f"{cause}, on {time_text(changed)}" if changed else cause
    return {**action, "cause": cause, "reason": reason, "changes": changes}


def _cause(action: Json) -> str:
    match action["action"]:
        case "create":
            return _DELETED if action["written_at"] else _NEW
        case "retire":
            return _RETIRED
        case _ if any(_is_edited(change) for change in action["changes"]):
            return _EDITED
        case _ if all(change.get("last_written") for change in action["changes"]):
            return _DECLARED
        case _:
            return _UNKNOWN
