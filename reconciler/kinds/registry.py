"""Every kind there is: a new file in this folder with a `KIND` is all it takes."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from reconciler.kinds.base import Kind


@cache
def all_kinds() -> Mapping[str, Kind]:
    """Kinds by name, those of ConnectWise and those that live in manifests only."""
    package = __name__.rpartition(".")[0]
    folder = import_module(package).__path__
    modules = (import_module(f"{package}.{info.name}") for info in pkgutil.iter_modules(folder))
    found = [module.KIND for module in modules if hasattr(module, "KIND")]
    return MappingProxyType({kind.name: kind for kind in sorted(found, key=lambda kind: kind.name)})


def kind(name: str) -> Kind:
    return all_kinds()[name]


def declarable_kinds() -> tuple[Kind, ...]:
    return tuple(kind for kind in all_kinds().values() if kind.declarable)
