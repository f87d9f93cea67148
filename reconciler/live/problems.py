"""Collects the reasons why documents cannot be matched with live objects, so that one error gives all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reconciler.errors import ReconcilerError
from reconciler.manifests.closure import closure
from reconciler.manifests.documents import Document, Manifests


class MatchError(ReconcilerError):
    """Documents cannot be matched with live objects. The message has all reasons, one on each line."""

    def __init__(self, problems: Sequence[str]) -> None:
        count = f"{len(problems)} problem" + ("s" if len(problems) != 1 else "")
        super().__init__(
            f"{count} between the manifests and ConnectWise:\n" + "\n".join(f"  - {text}" for text in problems),
            advice="Correct the manifests, or pin the right object with metadata.id.",
        )
        self.problems = tuple(problems)


class Problems:
    """The problems found so far. Those of one mapping refuse this mapping; all others stop the run."""

    def __init__(self) -> None:
        self._addresses: dict[str, tuple[str, ...]] = {}
        """By text: the addresses of the documents that the problem concerns."""
        self.refused: dict[str, list[str]] = {}
        """By address of a mapping: why it cannot be billed."""

    def __len__(self) -> int:
        return len(self._addresses)

    @property
    def texts(self) -> list[str]:
        """Return the problems that stop the run, each once."""
        return list(self._addresses)

    def add(self, text: str, *addresses: str) -> None:
        """Add a problem of the documents with these addresses."""
        self._addresses[text] = addresses

    def refuse_mapping(self, address: str, texts: Iterable[str]) -> None:
        """Turn problems of this mapping into reasons to refuse it. Other mappings are billed."""
        prefix = f"{address}: "
        for text in texts:
            if text.startswith(prefix):
                del self._addresses[text]
                self.refused.setdefault(address, []).append(text.removeprefix(prefix))

    def refuse_mappings(self, manifests: Manifests, documents: Iterable[Document]) -> None:
        """Turn the problems that mappings depend on into reasons to refuse these mappings.

        For a run that plans usage alone: two agreements of one name at one customer stop only that customer.
        """
        for document in documents if self._addresses else ():
            if document.kind.collection is not None:
                continue
            needed = {each.address for each in closure(manifests, document).documents}
            for text, addresses in self._addresses.items():
                if not needed.isdisjoint(addresses):
                    self.refused.setdefault(document.address, []).append(text)
        refusing = {text for texts in self.refused.values() for text in texts}
        self._addresses = {text: addresses for text, addresses in self._addresses.items() if text not in refusing}
