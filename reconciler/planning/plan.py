"""The plan. Renderers and `applying` read nothing else.

Amounts and quantities are decimal text, so that no program reads them as floats. A plan has no secrets in it.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import AwareDatetime

from reconciler.kinds.registry import all_kinds
from reconciler.planning.action import Action, Amount, Money, Record, Side

FORMAT_VERSION: Literal[2] = 2


class Summary(Record):
    """The number of actions of each type, and the amounts per month."""

    create: int = 0
    """The number of objects to create."""
    update: int = 0
    """The number of objects to update."""
    adopt: int = 0
    """The number of additions to take over."""
    retire: int = 0
    """The number of objects to retire."""
    unchanged: int = 0
    """The number of documents and additions that are as declared."""
    money: Money
    """What all additions of the plan bill and cost a month, before and after. The cost is null if it is unknown for one
    of them."""
    unknown_costs: int = 0
    """The number of additions after the plan whose cost is unknown."""

    @property
    def changes(self) -> int:
        """The number of all actions."""
        return self.create + self.update + self.adopt + self.retire

    def with_more(self, actions: Sequence[Action]) -> Summary:
        """Return the summary of the plan with these actions added."""
        count = Counter(action.action for action in actions)
        amounts = [action.money for action in actions if action.money is not None]
        money = self.money
        after = money.after + sum((each.change for each in amounts), Decimal(0))
        costs = [money.cost_after, *(each.change_of_cost for each in amounts)]
        cost = None if None in costs else sum((each for each in costs if each is not None), Decimal(0))
        return Summary(
            create=self.create + count["create"],
            update=self.update + count["update"],
            adopt=self.adopt + count["adopt"],
            retire=self.retire + count["retire"],
            unchanged=self.unchanged,
            money=Money.with_costs(Side(money.before, money.cost_before), Side(after, cost), money.currency),
            unknown_costs=self.unknown_costs,
        )


class Owed(Record):
    """An amount of a month that is closed or invoiced, and that no addition can bill."""

    source: str
    """The name of the usage source."""
    customer: str
    """The id of the customer in the source."""
    charge: str
    """The name of the charge."""
    period: str
    """The month, as `2026-10`."""
    number: int
    """The number of the adjustment."""
    tag: str
    """The tag that the adjustment would have."""
    money: Amount
    """Negative if the customer gets it back."""


class Tripped(Record):
    """A guardrail that this plan trips. `apply --approve NAME[=ADDRESS]` approves it."""

    name: str
    """The name of the guardrail."""
    address: str | None = None
    """The customer mapping, or another address, that it is about. Null for the run."""
    message: str
    """Why it trips, with the figures."""
    holds: bool = False
    """True: it holds the actions of this customer, and the others are carried out. False: it refuses the run."""
    also: tuple[str, ...] = ()
    """Other addresses that `--approve NAME=ADDRESS` may name: those of the customer and of its additions."""
    approved: bool = False
    """Whether it was approved."""
    owed: Owed | None = None
    """For an adjustment that no addition can bill: its amount. An approval by its address accepts the amount."""


class Note(Record):
    """A warning for the reviewer. It stops nothing."""

    address: str | None = None
    """The address that it is about, or null."""
    message: str
    """The warning."""
    id: int | None = None
    """For an undeclared object: its id in ConnectWise."""
    money: Amount | None = None
    """For an undeclared object: what it still bills a month. Null if it is unknown."""
    proposed: bool = False
    """Whether the note is about a proposed document."""
    partial: bool = False
    """Whether the note says that the plan holds only a part of the documents."""
    needed_by: str | None = None
    """For a proposed management solution that does not exist: the address of the proposed mapping that needs it."""
    drift: bool = False
    """Whether the note is about an addition that someone edited by hand."""


class PricedCustomer(Record):
    """What a past month of one customer would have cost by other prices."""

    mapping: str
    """The address of the customer mapping."""
    customer: str
    """The customer, as `source/customer`."""
    charge: str | None = None
    """The charge, if the mapping has a list of charges: each of them has an entry. Null otherwise."""
    quantity: Amount | None
    """The quantity of that month, by the rules of now. Null if it is unknown."""
    money: Money | None
    """The amount by the prices before the change and after it. Null if it is unknown."""


class PriceEffect(Record):
    """What a closed month, or the last one that has ended, would have cost by other prices. Nothing bills this."""

    period: str
    """The month, as `2026-10`."""
    closed: bool
    """Whether the month is closed. If not, it is the usage that the ledger has of it now."""
    first_day: date | None
    """The day from which the prices work. Null: the prices of the running month."""
    customers: tuple[PricedCustomer, ...]
    """The customers whose prices change."""
    money: Money
    """The sum of the amounts that are known."""


class Declaration(Record):
    """A change of what the ledger stores about one address of the setup. It is made after the apply."""

    address: str
    """The address of the document."""
    id: int | None = None
    """Null if the plan creates the object."""
    parent_id: int | None = None
    """The id of its parent, such as the company of a management solution."""
    parent: str | None = None
    """For an object that the plan creates: the id or the address of its parent."""
    protected: bool = False
    """Whether the document has `metadata.protect`."""
    dropped: bool = False
    """Whether the ledger removes the address."""


EVERY_CUSTOMER = "*"
"""The customer of a row for all customers of a source whose data cannot be used."""


class Released(Record):
    """The coverage of a held customer after its guardrails are approved."""

    state: str
    """Its state then."""
    detail: str
    """The reason for that state."""
    accounted: bool
    """Whether it is accounted for then."""


class CoverageRow(Record):
    """The coverage of one customer of a usage source, or of one addition with our tag."""

    source: str
    """The name of the usage source."""
    customer: str
    """The id of the customer in the source. `*` stands for all of them."""
    name: str
    """The name of the customer in the source."""
    state: str
    """The state, such as `billed`, `unmapped` or `held`."""
    quantity: Amount | None = None
    """Null is unknown, and not zero."""
    unit: str | None = None
    """The unit of the quantity, `GB` or `GiB`. Null for a count."""
    money: Amount | None = None
    """What is billed for the customer a month, or what is at risk."""
    detail: str = ""
    """The reason for the state."""
    accounted: bool = True
    """If false, `plan` and `apply` end with exit code 5."""
    address: str | None = None
    """The mapping that bills the customer, as `CustomerMapping/acme`, or null."""
    charge: str | None = None
    """The charge of the mapping, if it has several: each of them has a row. Null otherwise."""
    released: Released | None = None
    """For a customer that a guardrail holds."""


class Tenant(Record):
    """The ConnectWise tenant that a plan is for. It cannot be applied to another one."""

    site: str
    """With its scheme, as in `https://api-na.myconnectwise.net`."""
    company: str
    """The company of the login."""

    def __str__(self) -> str:
        return f"company {self.company} at {self.site}"

    def same_as(self, other: Tenant) -> bool:
        """Whether both are the same tenant. Upper and lower case do not count in hosts and login companies."""
        return (self.site.casefold(), self.company.casefold()) == (other.site.casefold(), other.company.casefold())


class ManifestLine(Record):
    """A place in a manifest that would bring an undone change back at the next plan."""

    file: str
    """The file."""
    line: int
    """The line, from 1 on."""
    column: int
    """The column, from 1 on."""
    address: str
    """The document."""
    path: str
    """The field. Empty for a whole document."""
    message: str
    """What it declares, and what to do."""


class Undo(Record):
    """The run that a plan undoes, and the manifest lines that would bring its changes back."""

    run: int
    """The number of the run."""
    commit: str | None = None
    """The commit of the manifests that the run applied, if it is known. Null for a run that was itself an undo: its
    changes came from no commit."""
    lines: tuple[ManifestLine, ...] = ()
    """The lines of the manifests that would make the changes again."""
    patch: str = ""
    """A unified diff for `git apply` that reverts these lines. Empty if there is none."""
    no_patch: str = ""
    """Why no patch can be made. Empty if there is one, or if there is nothing to revert."""


class Plan(Record):
    """All changes of one run, with their preconditions, guardrails, coverage and amounts."""

    format_version: Literal[2] = FORMAT_VERSION
    """The version of this format. A plan of another version is refused."""
    workspace: str
    """The name of the workspace."""
    tenant: Tenant
    """The tenant that the plan is for."""
    created_at: AwareDatetime
    """When the plan was made."""
    manifest_digest: str
    """SHA-256 of the documents, without their comments and layout."""
    summary: Summary
    """The number of actions, and the monthly amounts."""
    guardrails: tuple[Tripped, ...] = ()
    """The guardrails that the plan trips."""
    warnings: tuple[Note, ...] = ()
    """What a reviewer should know. A warning stops nothing."""
    price_effects: tuple[PriceEffect, ...] = ()
    """For a change of prices: what the last closed month, or the last one that has ended, would have cost by them."""
    coverage: tuple[CoverageRow, ...] = ()
    """The state of each customer of the usage sources. Empty for a plan of the setup."""
    actions: tuple[Action, ...] = ()
    """What the apply does, in an order in which each action comes after those that it depends on."""
    held: tuple[Action, ...] = ()
    """Actions that a guardrail of one customer holds. They are carried out only if it is approved."""
    declared: tuple[Declaration, ...] = ()
    """What changes in the ledger about declared objects after the apply."""
    digest: str
    """SHA-256 of what the actions change. The same actions have the same digest on another day."""
    only: Literal["setup", "usage"] | None = None
    """The part that was planned. Null if both were."""
    prune: bool = False
    """Whether the plan was made with `--prune`."""
    undo: Undo | None = None
    """For the undo of a run: the run and the manifest lines. The digest does not cover this, but only the actions."""
    targets: tuple[str, ...] = ()
    """The addresses of `--target`. The plan also holds what they need. Empty: all documents."""
    changed_since: str | None = None
    """The Git revision of `--changed-since`. Null without it."""
    documents: tuple[str, ...] = ()
    """With `changed_since`: the addresses of its documents. `manifest_digest` covers them and what they need."""
    read_also: tuple[str, ...] = ()
    """With `changed_since`: documents to which changed ones referred before. `manifest_digest` covers them too."""
    usage_at: AwareDatetime | None = None
    """The start of the newest believed pull. Of several sources, the oldest of these. Null if no usage is known."""

    @property
    def accounted(self) -> bool:
        """Whether all usage is billed, excluded or explained."""
        return all(row.accounted for row in self.coverage)

    @property
    def bills_usage(self) -> bool:
        """Whether the plan bills usage. Such a plan is valid only in the billing month in which it was made."""
        usage_kinds = {each.name for each in all_kinds().values() if not each.declarable}
        return bool(self.coverage) or any(action.kind in usage_kinds for action in self.actions)


def digest_of(actions: Iterable[Action]) -> str:
    """Return the hash of what the actions change. The same actions have the same digest on another day."""
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
    return content_hash(intent)


def content_hash(content: Any) -> str:
    """Return the SHA-256 of JSON content, whatever the order of its keys."""
    return "sha256:" + hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
