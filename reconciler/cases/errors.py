"""The error of a case that cannot be carried out."""

from __future__ import annotations

from reconciler.manifests.positions import Path


class CaseError(Exception):
    """A case contradicts itself or the manifests. `path` is the place in the case, and `advice` what to do."""

    def __init__(self, path: Path, what: str, advice: str = "") -> None:
        self.path = path
        self.what = what
        self.advice = advice
        super().__init__(what)
