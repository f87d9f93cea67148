"""`kind: Defaults`: fields that are filled into the documents of a folder and its subfolders. The nearest ones win."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.kinds.base import Kind
from reconciler.kinds.registry import declarable_kinds
from reconciler.manifests.documents import Origin
from reconciler.manifests.report import Location, Report
from reconciler.manifests.suggestions import did_you_mean, listed, nearest
from reconciler.manifests.validation import check_fields
from reconciler.manifests.wording import described

KIND = "Defaults"
Filled = Mapping[str, tuple[Any, Origin]]
"""Field → (default value, the `Defaults` document with it)."""


def missing(kind: Kind, filled: Filled, given: Mapping[str, Any]) -> Filled:
    """Return the defaults for the fields that are not given. A field counts as given if another of its group is."""
    excluded = set(given)
    for group in (*kind.alternatives, *kind.own_or_default):
        if group & excluded:
            excluded |= group
    return {name: value for name, value in filled.items() if name not in excluded}


@dataclass(slots=True)
class Defaults:
    """All defaults of a manifest folder, by subfolder and kind. The manifest folder itself is `""`."""

    _own: dict[tuple[str, str], dict[str, tuple[Any, Origin]]] = field(default_factory=dict)
    _merged: dict[tuple[str, str], Filled] = field(default_factory=dict)

    def add(self, origin: Origin, spec: Mapping[str, Any], report: Report) -> None:
        """Add one `Defaults` document. Report unknown kinds and fields, wrong types, and fields with two defaults."""
        kinds = {kind.name: kind for kind in declarable_kinds()}
        folder = origin.file.rpartition("/")[0]
        for name, fields in spec.items():
            path = ("spec", name)
            if name not in kinds:
                advice = did_you_mean(nearest(name, kinds)) or f"the kinds are {listed(kinds, 'and')}"
                report.add(Location(origin, path, at_key=True), f"there is no kind {name}", advice)
                continue
            if not isinstance(fields, dict):
                report.add(Location(origin, path), f"{name}: expected a mapping of fields, got {described(fields)}")
                continue
            for problem in check_fields(kinds[name].spec, fields):
                report.problem(origin, problem, below=path)
            own = self._own.setdefault((folder, name), {})
            for key, value in fields.items():
                if key in kinds[name].identifying:
                    message = f"{name}.{key} identifies one object, so it has no default"
                    report.add(Location(origin, (*path, key), at_key=True), message, "write it into the document")
                if key in own:
                    message = f"{name}.{key} already has a default for this folder, at {{other}}"
                    other = Location(own[key][1], (*path, key), at_key=True)
                    report.add(
                        Location(origin, (*path, key), at_key=True), message, "remove one of the two", other=other
                    )
                own[key] = (value, origin)

    def of(self, folder: str, kind: Kind) -> Filled:
        """Return the defaults of a kind for the documents of a folder."""
        place = (folder, kind.name)
        if place not in self._merged:
            above = {} if not folder else self.of(folder.rpartition("/")[0], kind)
            own = self._own.get(place, {})
            self._merged[place] = {**missing(kind, above, own), **own}
        return self._merged[place]

    def values(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        """Return the default values by (folder, kind), each with those of its own folder only."""
        return {
            place: {key: value for key, (value, _) in fields.items()} for place, fields in self._own.items() if fields
        }

    def places(self) -> frozenset[tuple[str, str]]:
        """Return (folder, kind) of all defaults. The manifest folder itself is `""`."""
        return frozenset(self._own)

    def fallback(self) -> Mapping[str, Mapping[str, Any]]:
        """Return the defaults of the manifest folder itself, by kind and field. They price unmapped customers."""
        return {
            kind: {key: value for key, (value, _) in fields.items()}
            for (folder, kind), fields in self._own.items()
            if not folder
        }
