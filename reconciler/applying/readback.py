"""Did it take? What a POST or PATCH asked for, held against the object that came back.

ConnectWise can answer 200 and store nothing [seen]. What counts as stored is `planning.equality`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.connectwise.writing import Untaken
from reconciler.kinds.base import Kind
from reconciler.kinds.forms import Form, Object
from reconciler.kinds.values import Value, to_json
from reconciler.planning.equality import holds


def fields_taken(of: Kind, sent: Mapping[str, Value]) -> Callable[[Object], list[Untaken]]:
    """A check by manifest fields: `sent` holds the values that the request's body was made from."""

    def check(answered: Object) -> list[Untaken]:
        found = {name: of.by_name[name].form.decode(answered) for name in sent}
        return [
            Untaken(name, to_json(value), _told(value, found[name]))
            for name, value in sent.items()
            if not holds(of.by_name[name].form, value, found[name])
        ]

    return check


def body_taken(sent: Mapping[str, Any], of: Kind | None = None) -> Callable[[Object], list[Untaken]]:
    """A check by the body itself, for what has no manifest fields of its own, or is known from the ledger alone."""

    def check(answered: Object) -> list[Untaken]:
        return untaken(sent, answered, of)

    return check


def untaken(sent: Mapping[str, Any], answered: Object, of: Kind | None = None) -> list[Untaken]:
    """The fields of a body that did not take, in order."""
    return [
        Untaken(name, value, answered.get(name))
        for name, value in sent.items()
        if not holds(_form(of, name), value, answered.get(name))
    ]


def _form(of: Kind | None, name: str) -> Form | None:
    """The form of the field that stands in this property of a body."""
    fields = () if of is None else of.fields
    return next((item.form for item in fields if item.form.reads[0] == name), None)


def _told(wanted: Value, found: Value) -> Any:
    """What stands there of what was asked: of named entries, those that were named."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        found = {name: found.get(name) for name in wanted}
    return to_json(found)
