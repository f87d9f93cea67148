"""The list of kinds. To add one, put a module with a `KIND` into this folder."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from reconciler.kinds.base import Kind


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Return all kinds by name, including those that exist in manifests only."""
    package = __name__.rpartition(".")[0]
    folder = import_module(package).__path__
    modules = (import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(folder))
    found = [module.KIND for module in modules if hasattr(module, "KIND")]
    return MappingProxyType({kind.name: kind for kind in sorted(found, key=lambda kind: kind.name)})


def kind(name: str) -> Kind:
    """Return the kind with a name. Raises `KeyError` if there is none."""
    return all_kinds()[name]


def declarable_kinds() -> tuple[Kind, ...]:
    """Return the kinds that documents can declare: all except additions."""
    return tuple(kind for kind in all_kinds().values() if kind.declarable)
