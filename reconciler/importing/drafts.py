"""One document for each object that is imported, before it is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from reconciler.importing.estate import LeftOut, ObjectKey
from reconciler.importing.yaml_values import Ref, Translator
from reconciler.kinds.base import Kind
from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.kinds.live_state import LiveObject
from reconciler.manifests.rules import not_on_one_line
from reconciler.manifests.validation import check

WRITE_ONLY: Final = (
    "ConnectWise never returns it, so the document names a variable; it is read only if the object has to be created"
)
Render = Callable[[Ref], Any]
"""Returns how a reference is written: a manifest name, or a look-up."""


@dataclass(slots=True)
class Draft:
    """One document. Its references are still objects, so that each can be written as a name or as a look-up."""

    kind: Kind
    name: str
    spec: dict[str, Any]
    key: ObjectKey | None = None
    """The object that it declares. None for a document that has none, such as a mapping."""
    pin: int | None = None
    """The ConnectWise id, if the natural key alone does not find the object."""
    proposed: bool = False
    comment: tuple[str, ...] = ()
    title: str = ""
    """Kind, name, company and id of the object, for people. Empty if it has none."""
    file: str = ""
    """The name of its file, relative to the folder of the import."""
    company: int | None = None
    """The id of the company that it belongs to. None for shared setup."""
    keeps: tuple[str, ...] = ()
    """The fields that no default may fill in, because an addition shows that they have no value."""
    needs: str | None = None
    """The address of a document without which this one is wrong, such as the management solution of a mapping."""

    @property
    def address(self) -> str:
        """Return `Kind/name`."""
        return f"{self.kind.name}/{self.name}"

    def metadata(self) -> dict[str, Any]:
        """Return the `metadata` of the document."""
        found: dict[str, Any] = {"name": self.name}
        if self.pin is not None:
            found["id"] = self.pin
        if self.proposed:
            found["proposed"] = True
        return found


@dataclass(slots=True)
class Drafts:
    """The documents of an import, and the objects and fields that are left out of them."""

    documents: dict[str, Draft] = field(default_factory=dict)
    """By address."""
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, draft: Draft, translated: Iterable[tuple[str, str]] = ()) -> bool:
        """Add a document with the fields that its model accepts. Return whether it can be declared.

        `translated` has the (field, reason) of the fields that are left out already.
        """
        for name, reason in translated:
            self.left_out.append(left_out(draft, reason, name))
        self.documents[draft.address] = draft
        reasons = {f"{name} is missing": f"{name} cannot be declared: {reason}" for name, reason in translated}
        while problem := _first_problem(draft):
            path, message = problem
            self.leave_out(draft, path, reasons.get(message, message))
            if draft.address not in self.documents:
                return False
        return True

    def leave_out(self, draft: Draft, path: tuple[Any, ...], reason: str) -> None:
        """Take a field out of a document, or an entry of it. If the document needs the field, take the document out."""
        place = tuple(part for part in path if part != "")
        top = str(place[0]) if place else ""
        if draft.key is None and place != ("customer", "name"):
            said = f"{top}: {reason}" if top and not reason.startswith(top) else reason
            self.remove(draft, said)  # without the field, it would bill something else
            return
        value = draft.spec.get(top)
        if len(place) > 1 and isinstance(value, dict) and place[1] in value and len(value) > 1:
            del value[place[1]]
            self.left_out.append(left_out(draft, reason, f"{top}.{place[1]}"))
        elif value is not None and not _is_required(draft.kind, top):
            del draft.spec[top]
            self.left_out.append(left_out(draft, reason, top))
        elif top not in draft.spec and _has_optional(draft.kind, top):
            draft.spec[top] = None  # an existing default would fill it in
        else:
            self.remove(draft, reason)

    def remove(self, draft: Draft, reason: str) -> None:
        """Take a document out, and the entries about its fields with it."""
        del self.documents[draft.address]
        self.left_out = [each for each in self.left_out if each.what != draft.address]
        self.left_out.append(left_out(draft, reason))

    def remove_dependent(self) -> None:
        """Take out the documents that need a document that was taken out."""
        for draft in [*self.documents.values()]:
            if draft.needs is not None and draft.needs not in self.documents:
                self.remove(draft, f"it needs {draft.needs}, which cannot be written")

    def names(self) -> dict[ObjectKey, str]:
        """Return the manifest names of the objects that the documents declare."""
        return {draft.key: draft.name for draft in self.documents.values() if draft.key is not None}


def left_out(draft: Draft, reason: str, name: str | None = None) -> LeftOut:
    """Return an entry about a document, or about one of its fields. A whole object is called by its title."""
    what = draft.address if name is not None or not draft.title else draft.title
    return LeftOut(what, reason, name, draft.title, draft.kind.name, None if draft.key is None else draft.key[1])


def draft_of(of: Kind, obj: LiveObject, name: str, translator: Translator) -> tuple[Draft, list[tuple[str, str]]]:
    """Return the document of an object, and (field, reason) of the fields that cannot be declared."""
    spec, reasons = translator.spec(of, obj)
    comment: list[str] = []
    for field_name, variable in _required_secrets(of, name):
        spec[field_name] = {"env": variable}
        reasons.append((field_name, WRITE_ONLY))
        comment.append(f"{field_name}: ConnectWise never returns it. It is read only if the object has to be created.")
    spec |= of.import_also(spec)
    return Draft(of, name, in_order(of, spec), key=(of.name, obj.id), comment=tuple(comment)), reasons


def in_order(of: Kind, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return a spec with its fields in the order of the model."""
    names = [info.alias or name for name, info in of.spec.model_fields.items()]
    return {name: spec[name] for name in names if name in spec}


def _required_secrets(of: Kind, name: str) -> Iterator[tuple[str, str]]:
    """Yield (field, environment variable) of each secret that a document of this kind must name."""
    for item in of.fields:
        info = of.spec.model_fields[item.attribute]
        if item.mapping.sensitive and info.is_required() and info.annotation == EnvSecret | FileSecret:
            yield item.name, f"{of.name}_{name}_{item.name}".upper().replace("-", "_")


def _is_required(of: Kind, name: str) -> bool:
    return any(info.is_required() for key, info in of.spec.model_fields.items() if (info.alias or key) == name)


def _has_optional(of: Kind, name: str) -> bool:
    return any(item.name == name for item in of.fields) and not _is_required(of, name)


def _first_problem(draft: Draft) -> tuple[tuple[Any, ...], str] | None:
    """Return the path and the message of a problem of a document by itself. None if it has none."""
    checked = check(draft.kind.spec, rendered(draft.spec, lambda _: "x"))
    for problem in checked.problems:
        if problem.path and str(problem.path[0]) in draft.spec:
            return tuple(problem.path), problem.message
    if checked.problems:
        return (), checked.problems[0].message
    keys = draft.kind.key if draft.kind.collection is not None else ()
    broken = (not_on_one_line(name, draft.spec.get(name)) for name in keys)
    return next((((), reason) for reason in broken if reason is not None), None)


def rendered(value: Any, render: Render) -> Any:
    """Return a value with its references as they are written."""
    if isinstance(value, Ref):
        return render(value)
    if isinstance(value, dict):
        return {name: rendered(each, render) for name, each in value.items()}
    if isinstance(value, list):
        return [rendered(each, render) for each in value]
    return value
