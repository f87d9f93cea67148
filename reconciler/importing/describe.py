"""Describe the selected objects as documents: their names, references, pins and files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from reconciler.importing.drafts import Draft, Drafts, draft_of
from reconciler.importing.drafts import left_out as left_out_of
from reconciler.importing.estate import Estate, ObjectKey
from reconciler.importing.existing import Existing
from reconciler.importing.kinds_in_files import COMPANY, CUSTOMERS, imported_kinds, of_a_company, shared_file
from reconciler.importing.reading import AGREEMENT, company_of
from reconciler.importing.reasons import names_of, title
from reconciler.importing.selection import CONTACT, Selected, objects_of
from reconciler.importing.slugs import Names, joined, slug, without_prefix
from reconciler.importing.yaml_values import Ref, Translator
from reconciler.kinds.base import Kind, key_part
from reconciler.kinds.live_state import Key, LiveObject
from reconciler.kinds.near import near_key
from reconciler.kinds.values import Link
from reconciler.live.index import prefer_active
from reconciler.planning.retire import is_retired, values_to_live_again

RETIRED: Final = "it is inactive, and a document would make it active again"


class Describer:
    """Describes the objects of an estate as new documents."""

    def __init__(self, estate: Estate, existing: Existing, folder: str) -> None:
        self._estate = estate
        self._existing = existing
        self._folder = folder
        """The folder of new files, relative to the manifest folder. Empty, or with a slash at its end."""
        self._translator = Translator(estate.tables)
        self.names = Names()
        self.drafts = Drafts()
        self.company_names: dict[int, str] = {}
        """By id: the name of each selected company. Its other documents and its file have the name too."""
        self._files = {name.casefold() for name in existing.files}
        self.company_files = dict(existing.company_files)
        for document in (*existing.manifests.documents, existing.manifests.workspace):
            self.names.take(document.kind.name, [document.name])

    def describe(self, selected: Selected) -> Drafts:
        """Return a document for each selected object that is not declared yet."""
        self._name_companies(selected.companies)
        contacts = {each.id: company_of(each) for each in self._estate.of(CONTACT)}
        for of in imported_kinds():
            for obj in objects_of(self._estate, of, selected):
                if (of.name, obj.id) not in self._existing.names:
                    self._add(of, obj, contacts)
        self.drafts.left_out += self._estate.unread
        _pin_those_that_look_alike(self.drafts)
        return self.drafts

    def _name_companies(self, chosen: frozenset[int]) -> None:
        """Give each company its name and its file. A company without a document needs a name for its file too."""
        for obj in sorted(self._estate.of(COMPANY), key=lambda each: each.id):
            if obj.id not in chosen:
                continue
            existing = self._existing.names.get((COMPANY, obj.id))
            name = existing or self.names.of(COMPANY, slug(str(obj.raw.get("identifier") or "")), str(obj.id))
            self.company_names[obj.id] = name
            if obj.id not in self.company_files:
                self.company_files[obj.id] = self.new_file(f"{CUSTOMERS}/{name}", obj.id)

    def new_file(self, stem: str, number: int) -> str:
        """Return the name of a file that does not exist yet."""
        name = f"{self._folder}{stem}.yaml"
        if name.casefold() in self._files:
            name = f"{self._folder}{stem}-{number}.yaml"
        self._files.add(name.casefold())
        return name

    def _add(self, of: Kind, obj: LiveObject, contacts: Mapping[int, int | None]) -> None:
        company = _company_id(of, obj)
        draft, left_out = draft_of(of, obj, self._name(of, obj, company), self._translator)
        draft.company = company
        draft.title = title(of, obj, "" if of.name == COMPANY else self._called(company))
        draft.file = self._file(of, company)
        if of.name == AGREEMENT:
            _refer_to_a_contact_elsewhere(draft, contacts, company)
        if self._needs_pin(of, obj):
            draft.pin = obj.id
        if _would_live_again(of, obj):
            self.drafts.left_out.append(left_out_of(draft, RETIRED))
            return
        self.drafts.add(draft, left_out)

    def _name(self, of: Kind, obj: LiveObject, company: int | None) -> str:
        if of.name == COMPANY:
            return self.company_names[obj.id]
        own = slug(names_of(of, obj))
        owner = self.company_names.get(company or 0, "")
        if owner:
            own = without_prefix(own, owner, slug(self._called(company)))
        return self.names.of(of.name, joined(owner, own), str(obj.id))

    def _called(self, company: int | None) -> str:
        """Return the name of a company in ConnectWise. Empty if it is not known."""
        found = self._existing.matcher.indexes.of(_kind(COMPANY)).by_id.get(company or 0)
        return "" if found is None else str(found.raw.get("name") or "")

    def _file(self, of: Kind, company: int | None) -> str:
        shared = shared_file(of.name)
        if shared is not None:
            return f"{self._folder}{shared}"
        return self.company_files[company or 0]

    def _needs_pin(self, of: Kind, obj: LiveObject) -> bool:
        """Return whether the natural key alone finds no single object, or another one."""
        found = prefer_active(of, self._existing.matcher.indexes.of(of).with_key(own_key(of, obj)))
        return len(found) > 1 or (len(found) == 1 and obj.id not in found)


def _would_live_again(of: Kind, obj: LiveObject) -> bool:
    """Return whether an object is retired, and no field of its document can say so."""
    return is_retired(of, obj) and values_to_live_again(of, obj).keys() - {item.name for item in of.fields} != set()


def _kind(name: str) -> Kind:
    return next(of for of in imported_kinds() if of.name == name)


def _company_id(of: Kind, obj: LiveObject) -> int | None:
    if of.name == COMPANY:
        return obj.id
    if not of_a_company(of.name):
        return None
    return obj.parent_id if of.parent == "company" else company_of(obj)


def own_key(of: Kind, obj: LiveObject) -> Key:
    """Return the natural key that a document of this object has."""
    parts: list[Any] = []
    for name in of.key:
        mapping = of.by_name[name].mapping
        value = obj.parent_id if name == of.parent else mapping.decode(obj.raw)
        parts.append(value.id if isinstance(value, Link) else key_part(value, exact=mapping.exact))
    return tuple(parts)


def _refer_to_a_contact_elsewhere(draft: Draft, contacts: Mapping[int, int | None], company: int | None) -> None:
    """Let an agreement name a contact of another company by its id. A name finds only contacts of the same company."""
    contact = draft.spec.get("contact")
    if isinstance(contact, Ref) and contacts.get(contact.id) != company:
        draft.spec["contact"] = Ref(contact.kind, contact.id, by_id=True)


def _pin_those_that_look_alike(drafts: Drafts) -> None:
    """Pin the documents whose natural keys look the same, such as two products that differ in a double space."""
    keys: dict[ObjectKey, tuple[Any, ...]] = {}
    for draft in drafts.documents.values():
        if draft.key is not None:
            values = [draft.spec.get(name) for name in draft.kind.key]
            parts = [each.id if isinstance(each, Ref) else key_part(each) for each in values]
            keys[draft.key] = (draft.kind.name, *near_key(parts))
    counted = Counter(keys.values())
    for draft in drafts.documents.values():
        if draft.key is not None and counted[keys[draft.key]] > 1:
            draft.pin = draft.key[1]
