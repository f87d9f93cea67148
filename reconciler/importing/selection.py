"""Select the companies that an import writes, and their objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from reconciler.errors import ReconcilerError
from reconciler.importing.estate import Estate
from reconciler.importing.kinds_in_files import COMPANY, PRODUCT, shared_file
from reconciler.importing.reading import ADDITION, AGREEMENT, company_of, is_live, product_ids
from reconciler.kinds.base import Kind
from reconciler.kinds.field_mapping import link_of
from reconciler.kinds.live_state import LiveObject
from reconciler.manifests.suggestions import did_you_mean, listed, near

CONTACT = "Contact"


@dataclass(frozen=True, slots=True)
class Selection:
    """The companies that the flags of `import` select. Without flags: companies with a live agreement."""

    companies: Sequence[str] = ()
    """Identifiers of companies."""
    agreement_types: Sequence[str] = ()
    """Names of agreement types: companies with a live agreement of one of them."""
    everything: bool = False
    """Every company, with all its active contacts."""

    @property
    def is_part(self) -> bool:
        """Return whether the flags ask for certain companies only."""
        return bool(self.companies or self.agreement_types) and not self.everything


@dataclass(frozen=True, slots=True)
class Selected:
    """The companies to write, with all their live agreements."""

    companies: frozenset[int]
    agreements: tuple[LiveObject, ...]
    everything: bool = False


def select(estate: Estate, selection: Selection, named: Iterable[int] = ()) -> Selected:
    """Return the companies and agreements to write. `named` are the ids of companies that a tag or a proposal names.

    Raises `ReconcilerError` for an identifier or a type that ConnectWise does not have.
    """
    existing = {each.id: each for each in estate.objects.get(COMPANY, ())}
    live = [each for each in estate.objects.get(AGREEMENT, ()) if is_live(each) and company_of(each) in existing]
    if selection.everything:
        chosen = set(existing)
    elif not selection.companies and not selection.agreement_types:
        chosen = {number for each in live if (number := company_of(each)) is not None} | {*named} & existing.keys()
    else:
        chosen = set()
    if selection.companies:
        chosen |= _with_identifiers(existing.values(), selection.companies)
    if selection.agreement_types:
        chosen |= _with_types(live, selection.agreement_types)
    agreements = tuple(each for each in live if company_of(each) in chosen)
    return Selected(frozenset(chosen), agreements, selection.everything)


def _with_identifiers(companies: Collection[LiveObject], wanted: Sequence[str]) -> set[int]:
    found: dict[str, set[int]] = {}
    for each in companies:
        found.setdefault(_folded(each.raw.get("identifier")), set()).add(each.id)
    _check_known("--company", wanted, {str(each.raw.get("identifier")) for each in companies}, "company", found)
    return set().union(*(found[_folded(each)] for each in wanted))


def _with_types(live: Sequence[LiveObject], wanted: Sequence[str]) -> set[int]:
    found: dict[str, set[int]] = {}
    names: set[str] = set()
    for each in live:
        link = link_of(each.raw.get("type"))
        number = company_of(each)
        if link is not None and number is not None:
            names.add(link.name)
            found.setdefault(_folded(link.name), set()).add(number)
    _check_known("--agreement-type", wanted, names, "live agreement of the type", found)
    return set().union(*(found[_folded(each)] for each in wanted))


def _check_known(flag: str, wanted: Sequence[str], names: Collection[str], what: str, found: Collection[str]) -> None:
    unknown = [each for each in wanted if _folded(each) not in found]
    if unknown:
        guess = did_you_mean(near(unknown[0], names))
        raise ReconcilerError(
            f"ConnectWise has no {what} {listed(unknown, 'or')}", where=flag, advice=guess or "Check the spelling."
        )


def _folded(text: object) -> str:
    return str(text or "").strip().casefold()


def objects_of(estate: Estate, of: Kind, selected: Selected) -> list[LiveObject]:
    """Return the objects of a kind to write, in the order of their ids."""
    if of.name == COMPANY:
        found = [each for each in estate.of(of.name) if each.id in selected.companies]
    elif of.name == AGREEMENT:
        found = [*selected.agreements]
    elif of.name == CONTACT:
        found = _contacts(estate, of, selected)
    elif of.name == PRODUCT:
        additions = estate.children.get(ADDITION, {})
        ids = product_ids(each for agreement in selected.agreements for each in additions.get(agreement.id, ()))
        found = [each for each in estate.of(of.name) if each.id in ids]
    elif shared_file(of.name) is not None:
        found = [*estate.of(of.name)]
    else:
        agreements = {each.id for each in selected.agreements}
        found = [each for each in estate.of(of.name) if _belongs(of, each, selected, agreements)]
    return sorted(found, key=lambda each: each.id)


def _contacts(estate: Estate, of: Kind, selected: Selected) -> list[LiveObject]:
    """Return the contacts that the agreements name. If everything is imported, also all active ones."""
    named = {link.id for each in selected.agreements if (link := link_of(each.raw.get("contact"))) is not None}
    return [
        each
        for each in estate.of(CONTACT)
        if company_of(each) in selected.companies
        and (each.id in named or (selected.everything and not of.inactive(each.raw)))
    ]


def _belongs(of: Kind, obj: LiveObject, selected: Selected, agreements: Collection[int]) -> bool:
    if of.parent is None:
        return company_of(obj) in selected.companies
    target = of.by_name[of.parent].mapping.target
    parents = agreements if target is not None and target.kind == AGREEMENT else selected.companies
    return obj.parent_id in parents
