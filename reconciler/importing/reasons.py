"""Say in plain words which object is left out, and why."""

from __future__ import annotations

import re
from typing import Final

from reconciler.importing.kinds_in_files import COMPANY
from reconciler.kinds.base import Kind, attribute_of
from reconciler.kinds.live_state import LiveObject
from reconciler.kinds.registry import all_kinds
from reconciler.kinds.values import one_line

NAMED_AFTER: Final = {"Contact": ("firstName", "lastName"), "ManagementSolution": ("solution",)}
"""The fields that name an object of a kind. Of other kinds: the field that a rename changes."""
_LONGEST: Final = 80
_LABELS: Final = {
    "addressLine1": "address",
    "email": "e-mail address",
    "loginBy": "kind of login",
    "managedId": "Managed ID",
    "solution": "management solution",
    "username": "user name",
    "website": "web site",
    "zip": "postal code",
}
"""The plain names of fields. Messages write all other fields as words."""
_PARTS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_FIELD: Final = re.compile(r"(?P<field>\w+)(?P<rest>(?:: | ).*)\Z", re.DOTALL)


_VALUE: Final = re.compile(r" cannot be (?P<value>.*?)(?P<more>: it .*)?\Z", re.DOTALL)
_REWORDED: Final = (
    (re.compile(r"ConnectWise has no (\w+ id \d+), and no manifest declares it"), r"it names \1, which is gone"),
    (re.compile(r"('.*') is ambiguous in (the setup table \S+): "), r"several entries of \2 are called \1: "),
)
"""Sentences of a plan's problems that are about manifests, and what they mean for an import."""


def names_of(of: Kind, obj: LiveObject) -> str:
    """Return the name that an object has in ConnectWise. Empty if it has none."""
    fields = NAMED_AFTER.get(of.name, (str(of.rename_key or of.key[-1]),))
    values = (of.by_name[name].mapping.decode(obj.raw) for name in fields)
    return " ".join(str(value) for value in values if value is not None)


def title(of: Kind, obj: LiveObject, company: str) -> str:
    """Return an object for a message: `Contact Ann Miller of Acme Inc. (id 6009)`. `company` may be empty."""
    called = str(obj.raw.get("name") or "") if of.name == COMPANY else names_of(of, obj)
    name = one_line(called).strip()[:_LONGEST] or "without a name"
    owner = f" of {one_line(company).strip()[:_LONGEST]}" if company.strip() else ""
    return f"{of.name} {name}{owner} (id {obj.id})"


def plainly(kind: str, reason: str) -> str:
    """Return a reason with plain names of fields: `it has no e-mail address` for `email is missing`."""
    for pattern, instead in _REWORDED:
        reason = pattern.sub(instead, reason)
    of = all_kinds().get(kind)
    found = _FIELD.match(reason)
    if of is None or found is None or attribute_of(of.spec, found["field"]) is None:
        return reason
    label = _LABELS.get(found["field"]) or _PARTS.sub(" ", found["field"]).lower()
    if found["rest"] == " is missing":
        return f"it has no {label}"
    if (value := _VALUE.match(found["rest"])) is not None and not value["value"].startswith("declared"):
        return f"its {label} is {value['value']}, which a manifest cannot have{value['more'] or ''}"
    rest = found["rest"]
    return f"its {label} cannot be declared{rest}" if rest.startswith(":") else f"its {label}{rest}"
