"""Select a part of the documents, with everything that they need to be planned alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from reconciler.errors import ReconcilerError
from reconciler.kinds.workspace import UsageSource
from reconciler.manifests.documents import Manifests
from reconciler.manifests.relations import Relations, customer_of
from reconciler.manifests.suggestions import listed, near

_ADDITION = "Addition/"
_MAPPING = "CustomerMapping/"


@dataclass(frozen=True, slots=True)
class Targets:
    """The documents, and the single additions of mappings, that `--target` names."""

    documents: tuple[str, ...]
    """The addresses of documents, of which everything is planned."""
    additions: tuple[str, ...]
    """The addresses of additions, as they were given."""
    mappings: tuple[str, ...]
    """The mapping of each addition."""

    @property
    def selected(self) -> frozenset[str]:
        """Return the addresses of all documents that `--target` names."""
        return frozenset((*self.documents, *self.mappings))


def targets_of(manifests: Manifests, addresses: Iterable[str]) -> Targets:
    """Return the targets with these addresses. Raises `ReconcilerError` for an address that names no document."""
    documents: list[str] = []
    additions: list[str] = []
    mappings: list[str] = []
    for address in dict.fromkeys(addresses):
        if address in manifests.by_address:
            documents.append(address)
        elif (mapping := mapping_of(address, manifests)) is not None:
            additions.append(address)
            mappings.append(mapping)
        else:
            raise unknown_target(address, manifests.by_address)
    return Targets(tuple(documents), tuple(additions), tuple(mappings))


def unknown_target(address: str, known: Iterable[str]) -> ReconcilerError:
    """Return the error of a target that does not exist, with the addresses that are spelled like it."""
    guesses = near(address, known) if address else []
    advice = f"Did you mean {listed(guesses)}?" if guesses else "Write KIND/NAME, such as Company/acme."
    what = f"there is no {address} in the manifests" if address else "the address is empty"
    return ReconcilerError(what, where="--target", advice=advice)


def mapping_of(address: str, manifests: Manifests) -> str | None:
    """Return the mapping of `Addition/mapping.charge:product`, or of its short form without the charge."""
    if not address.startswith(_ADDITION):
        return None
    name, colon, product = address.removeprefix(_ADDITION).partition(":")
    candidates = (_MAPPING + name, _MAPPING + name.rpartition(".")[0]) if colon and product else ()
    return next((each for each in candidates if each in manifests.by_address), None)


def select(manifests: Manifests, addresses: Collection[str]) -> Manifests:
    """Return the manifests with only these documents and all that they need. The digest stays that of the whole."""
    needed = Relations(manifests.documents).closure(addresses)
    kept = tuple(each for each in manifests.documents if each.address in needed)
    rest = Counter(each.kind.name for each in manifests.documents if each.address not in needed)
    return replace(manifests, documents=kept, elsewhere=rest)


def used_sources(manifests: Manifests) -> Sequence[UsageSource]:
    """Return the usage sources to read. For a part of the documents, these are the sources of their customers."""
    sources = manifests.workspace.spec.usage
    if not manifests.is_partial:
        return sources
    named = {customer[0] for each in manifests.documents if (customer := customer_of(each)) is not None}
    return [each for each in sources if each.name in named]
