"""The JSON of a plan, and the text of a plan file."""

from __future__ import annotations

import json
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel, ValidationError

from reconciler.errors import ReconcilerError
from reconciler.planning.error_document import ErrorDocument
from reconciler.planning.outcome import Outcome
from reconciler.planning.plan import FORMAT_VERSION, Plan, content_hash, digest_of

_LEFT_OUT_IF_EMPTY = (
    "held",
    "declared",
    "only",
    "prune",
    "undo",
    "targets",
    "changed_since",
    "documents",
    "read_also",
    "usage_at",
    "price_effects",
)


_Model = TypeVar("_Model", bound=BaseModel)


class PlanFileError(ReconcilerError):
    """This version cannot read a plan file."""


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON for renderers. Amounts and quantities are decimal text.

    `actions` is an iterator that converts one action at a time, because a large plan should not be in memory twice.
    """
    content = plan.model_dump(mode="json", exclude={"actions", "declared"})
    content["actions"] = (action.model_dump(mode="json") for action in plan.actions)
    return content


def write_plan(plan: Plan) -> str:
    """Return the text of a plan file: the JSON of a plan, with a checksum over all of it."""
    content = plan.model_dump(mode="json")
    for name in _LEFT_OUT_IF_EMPTY:
        if not content[name]:
            del content[name]
    text = json.dumps({**content, "checksum": content_hash(content)}, ensure_ascii=False)
    # msgspec indents four times as fast as json, to the same bytes.
    return msgspec.json.format(text, indent=2) + "\n"


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of a plan file. Raise `ValueError` if a name is in it twice: it is unclear which one counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{json.dumps(twice)} appears twice in one object")
    return found


def read_plan(text: str, *, where: str = "plan file") -> Plan:
    """Return the plan of a plan file. Raises `PlanFileError` for any other text, and for a file that was edited."""
    return _plan_of(_parsed(text, where), where)


def read_result(text: str, *, where: str) -> Plan | Outcome | ErrorDocument:
    """Return the plan of a plan file, or the outcome or the error that a command with `--json` printed.

    Raises `PlanFileError` for any other text.
    """
    raw = _parsed(text, where)
    if isinstance(raw, dict) and {"plan_digest", "results"} <= raw.keys():
        return _read_as(Outcome, "outcome", raw, where)
    if isinstance(raw, dict) and raw.keys() == {"error"}:
        return _read_as(ErrorDocument, "error", raw["error"], where)
    return _plan_of(raw, where)


def _read_as(model: type[_Model], what: str, raw: Any, where: str) -> _Model:
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _invalid(what, error, where) from None


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_each_name_once)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(
            f"not JSON: {error}", where=where, advice="Make it with: reconciler plan --out FILE"
        ) from None


def _invalid(what: str, error: ValidationError, where: str) -> PlanFileError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return PlanFileError(f"not a valid {what}: {place}: {first['msg']}", where=where, advice=f"Make the {what} again.")


def _plan_of(raw: Any, where: str) -> Plan:
    version = raw.get("format_version") if isinstance(raw, dict) else None
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise PlanFileError(
            "it has no format_version, so it is no plan file"
            if version is None
            else f"the plan file has format {version}, but this version reads format {FORMAT_VERSION}",
            where=where,
            advice="Make the plan again with this version: reconciler plan --out FILE",
        )
    checksum = raw.pop("checksum", None)
    try:
        plan = Plan.model_validate(raw)
    except ValidationError as error:
        raise _invalid("plan", error, where) from None
    if plan.digest != digest_of(plan.actions) or checksum != content_hash(raw):
        raise PlanFileError(
            "the digest or the checksum does not match: the file was edited after it was made",
            where=where,
            advice="Make the plan again. An edited plan file is refused.",
        )
    return plan
