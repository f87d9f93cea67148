"""The customer of each action: the company that its object belongs to, directly or through an agreement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds.company import CompanySpec
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import kind
from reconciler.kinds.values import Link
from reconciler.manifests.documents import Document
from reconciler.planning.action import Action, Customer

COMPANY = "Company"
_PARENT = re.compile(r"/(\d+)/")

Objects = Mapping[tuple[str, int], LiveObject]
"""The live objects that were read, by kind and id."""


def declared_companies(documents: Iterable[Document], matches: Mapping[str, LiveObject]) -> dict[int, Customer]:
    """Return the declared companies by id in ConnectWise.

    Their names are those of the documents: a plan of usage does not read the names that ConnectWise has.
    """
    return {
        matches[each.address].id: Customer(address=each.address, name=each.spec.name)
        for each in documents
        if isinstance(each.spec, CompanySpec) and each.address in matches
    }


def with_customers(actions: Iterable[Action], objects: Objects, declared: Mapping[int, Customer]) -> tuple[Action, ...]:
    """Return the actions, each with its customer if it belongs to one. Products and logins belong to none.

    `declared` has the declared companies, by id.
    """
    actions = tuple(actions)
    by_address = {action.address: action for action in actions}
    planned = {action.id: action for action in actions if action.kind == COMPANY and action.id is not None}
    found = []
    for action in actions:
        link = _company(action, by_address, objects)
        company = None if link is None else by_address.get(str(link.get("address"))) or planned.get(link.get("id") or 0)
        customer = None if link is None else _customer(link, company, objects, declared)
        found.append(action if customer is None else action.model_copy(update={"customer": customer}))
    return tuple(found)


def _company(action: Action, by_address: Mapping[str, Action], objects: Objects) -> Mapping[str, Any] | None:
    """Return the link to the company of an action's object."""
    if action.kind == COMPANY:
        return {"id": action.id, "address": action.address}
    step: Action | LiveObject | None = action
    while step is not None:
        of = kind(step.kind)
        target = None if of.owner is None else of.by_name[of.owner].mapping.target
        if of.owner is None or target is None or target.kind is None:
            return None
        link = _link(step, of.owner)
        if link is None or target.kind == COMPANY:
            return link
        step = by_address.get(str(link.get("address"))) or objects.get((target.kind, int(link.get("id") or 0)))
    return None


def _link(step: Action | LiveObject, name: str) -> Mapping[str, Any] | None:
    """Return the link in a field of an action or a live object. A nested object has its parent's id in its path."""
    if isinstance(step, LiveObject):
        value = kind(step.kind).by_name[name].mapping.decode(step.raw)
        return {"id": value.id, "name": value.name} if isinstance(value, Link) else None
    changed = next((change.after for change in step.changes if change.path == name and change.after), None)
    value = changed or (step.precondition.fields.get(name) if step.precondition else None)
    if isinstance(value, Mapping):
        return value
    parent = _PARENT.search(step.endpoint) if kind(step.kind).parent == name else None
    return {"id": int(parent[1])} if parent else None


def _customer(
    link: Mapping[str, Any], company: Action | None, objects: Objects, declared: Mapping[int, Customer]
) -> Customer:
    """Return the customer of a link to a company. `company` is the action of the same plan that changes it."""
    number = link.get("id") or 0
    known, live = declared.get(number), objects.get((COMPANY, number))
    name = (_name(company) if company else None) or (known and known.name) or (live and live.raw.get("name"))
    address = (company and company.address) or (known and known.address) or link.get("address")
    address = address or f"company/companies/{number}"
    return Customer(address=address, name=name or link.get("name") or address)


def _name(company: Action) -> str | None:
    """Return the name of a company after its action."""
    changed = next((change.after for change in company.changes if change.path == "name"), None)
    return changed or (company.precondition.fields.get("name") if company.precondition else None)
