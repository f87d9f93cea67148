"""The plan: what would be done, in JSON that every renderer and the executor read, and nothing else.

Amounts and quantities are decimal text, so that no reader turns them into floats. There are no secrets in it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer, ValidationError, model_serializer

from reconciler.errors import ReconcilerError
from reconciler.kinds.registry import all_kinds
from reconciler.kinds.values import plain_decimal

FORMAT_VERSION: Literal[2] = 2

Verb = Literal["create", "update", "adopt", "retire"]
Amount = Annotated[Decimal, PlainSerializer(plain_decimal, return_type=str, when_used="json")]


class Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Change(Record):
    """One field: what stands there, and what would."""

    path: str
    before: Any = None
    after: Any = None
    known_after_apply: bool = False
    """`after` links to an object that this plan makes first."""
    sensitive: bool = False
    """`after` names where the value is stored, never the value."""
    number: bool = False
    """`before` and `after` are numbers, which a plan holds as decimal text."""

    @model_serializer(mode="plain")
    def _without_false_flags(self) -> dict[str, Any]:
        content: dict[str, Any] = {"path": self.path, "before": self.before, "after": self.after}
        if self.known_after_apply:
            content["known_after_apply"] = True
        if self.sensitive:
            content["sensitive"] = True
        if self.number:
            content["number"] = True
        return content

    @property
    def intent(self) -> dict[str, Any]:
        """What the digest is taken over."""
        return {"path": self.path, "before": self.before, "after": self.after}


class Precondition(Record):
    """What an action was based on: when any of it has changed, the plan is stale."""

    id: int
    last_updated: str | None
    fields: dict[str, Any]
    """Every declared field as it stood, by manifest name."""


class Money(Record):
    """A month's amount before and after, in one currency (`None` where none is declared or known)."""

    before: Amount
    after: Amount
    currency: str | None = None


class Action(Record):
    address: str
    kind: str
    action: Verb
    id: int | None = None
    endpoint: str
    """The collection of a `create`, where `{field}` stands for a parent; the object of everything else."""
    reason: str
    """In words: `not in ConnectWise`, `usage`, `drift`, `price`…"""
    changes: tuple[Change, ...]
    depends_on: tuple[str, ...] = ()
    precondition: Precondition | None = None
    money: Money | None = None
    held_for: str | None = None
    """Of a held action: the customer's mapping, as its guardrails name it."""
    rule: str | None = None
    """Of an addition: digest of the rule that made its quantity, for the ledger."""


class Summary(Record):
    create: int = 0
    update: int = 0
    adopt: int = 0
    retire: int = 0
    unchanged: int = 0
    money: Money

    @property
    def changes(self) -> int:
        return self.create + self.update + self.adopt + self.retire

    def with_also(self, actions: Sequence[Action]) -> Summary:
        """The same plan with more actions in it."""
        count = Counter(action.action for action in actions)
        worth = [action.money for action in actions if action.money is not None]
        more = sum((each.after - each.before for each in worth), Decimal(0))
        return Summary(
            create=self.create + count["create"],
            update=self.update + count["update"],
            adopt=self.adopt + count["adopt"],
            retire=self.retire + count["retire"],
            unchanged=self.unchanged,
            money=self.money.model_copy(update={"after": self.money.after + more}),
        )


class Tripped(Record):
    """A guardrail that this plan trips; `apply --approve NAME[=ADDRESS]` says that a person has looked."""

    name: str
    address: str | None = None
    message: str
    holds: bool = False
    """True: it holds the actions of that customer, and the others are carried out. False: it refuses the run."""
    also: tuple[str, ...] = ()
    """Other addresses that `--approve NAME=ADDRESS` may name: those of the customer and of its additions."""
    approved: bool = False
    """Whether a person let it pass."""


class Note(Record):
    """A warning: something a reviewer should know, that stops nothing."""

    address: str | None = None
    message: str


EVERY_CUSTOMER = "*"
"""The customer of a row that stands for all customers of a source whose data cannot be used."""


class Released(Record):
    """How a held customer is accounted for once what holds it is approved."""

    state: str
    detail: str
    accounted: bool


class CoverageRow(Record):
    """One customer of a usage source, or one marked addition: how it is accounted for."""

    source: str
    customer: str
    name: str
    state: str
    quantity: Amount | None = None
    """None is unknown, never zero."""
    unit: str | None = None
    money: Amount | None = None
    detail: str = ""
    accounted: bool = True
    """False ends `plan` and `apply` with exit code 5."""
    address: str | None = None
    """The mapping that bills the customer, as `CustomerMapping/acme`; None where there is none."""
    released: Released | None = None
    """Of a customer that a guardrail holds."""


class Tenant(Record):
    """What a plan was made against: it is carried out nowhere else."""

    site: str
    """With its scheme, as in `https://api-na.myconnectwise.net`."""
    company: str
    """The company of the login."""

    def __str__(self) -> str:
        return f"company {self.company} at {self.site}"

    def same_as(self, other: Tenant) -> bool:
        """Hosts and login companies are told apart without regard to case."""
        return (self.site.casefold(), self.company.casefold()) == (other.site.casefold(), other.company.casefold())


class Plan(Record):
    format_version: Literal[2] = FORMAT_VERSION
    workspace: str
    tenant: Tenant
    created_at: AwareDatetime
    manifest_digest: str
    summary: Summary
    guardrails: tuple[Tripped, ...] = ()
    warnings: tuple[Note, ...] = ()
    coverage: tuple[CoverageRow, ...] = ()
    actions: tuple[Action, ...] = ()
    held: tuple[Action, ...] = ()
    """Actions that a guardrail of one customer holds back: done only when somebody approves it."""
    digest: str

    @property
    def accounted(self) -> bool:
        """Whether all usage is accounted for."""
        return all(row.accounted for row in self.coverage)

    @property
    def bills_usage(self) -> bool:
        """Whether usage is part of it: such a plan is good for the billing month that it was made in."""
        usage_writes = {each.name for each in all_kinds().values() if not each.declarable}
        return bool(self.coverage) or any(action.kind in usage_writes for action in self.actions)


class PlanFileError(ReconcilerError):
    """A plan file that this version cannot read."""


def digest_of(actions: Iterable[Action]) -> str:
    """Over the intent alone: the same on another day, another commit, and after an unrelated edit."""
    intent = [
        {
            "address": action.address,
            "kind": action.kind,
            "action": action.action,
            "id": action.id,
            "endpoint": action.endpoint,
            "changes": [change.intent for change in sorted(action.changes, key=lambda change: change.path)],
            "depends_on": sorted(action.depends_on),
        }
        for action in sorted(actions, key=lambda action: action.address)
    ]
    return _hash(intent)


def _hash(content: Any) -> str:
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON for renderers. Amounts and quantities are decimal text."""
    return plan.model_dump(mode="json")


def write_plan(plan: Plan) -> str:
    """A plan as a file holds it: its JSON, and a checksum over all of it, guardrails and preconditions included."""
    content = plan.model_dump(mode="json")
    if not plan.held:
        del content["held"]
    text = json.dumps({**content, "checksum": _hash(content)}, ensure_ascii=False)
    # json indents in Python, at a quarter of this speed; the text is the same to the byte.
    return msgspec.json.format(text, indent=2) + "\n"


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which a name stands twice would be read by a person in one way, and carried out in the other."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{json.dumps(twice)} stands twice in one object")
    return found


def read_plan(text: str, *, where: str = "plan file") -> Plan:
    """A plan from its JSON. Raises `PlanFileError` for anything else, and for a file that was changed."""
    try:
        raw = json.loads(text, object_pairs_hook=_each_name_once)
    except (ValueError, RecursionError) as error:
        raise PlanFileError(
            f"not JSON: {error}", where=where, advice="Make it with: reconciler plan --out FILE"
        ) from None
    version = raw.get("format_version") if isinstance(raw, dict) else None
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise PlanFileError(
            f"plan format {version}, but this version reads {FORMAT_VERSION}",
            where=where,
            advice="Make the plan again with this version: reconciler plan --out FILE",
        )
    checksum = raw.pop("checksum", None)
    try:
        plan = Plan.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise PlanFileError(f"{place}: {first['msg']}", where=where, advice="Make the plan again.") from None
    if plan.digest != digest_of(plan.actions) or checksum != _hash(raw):
        raise PlanFileError(
            "the digest or the checksum does not fit: the file was changed after it was made",
            where=where,
            advice="Make the plan again; a plan file is never edited.",
        )
    return plan
