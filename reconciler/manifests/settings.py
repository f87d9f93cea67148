"""Check all secret references of a workspace at once, before anything is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from reconciler.kinds.fields import EnvSecret, FileSecret
from reconciler.manifests import files
from reconciler.manifests.documents import Manifests
from reconciler.manifests.files import FoundFile, SourceFile
from reconciler.manifests.positions import Path, places_of
from reconciler.manifests.secrets import SecretError, resolve
from reconciler.manifests.wording import field_name


def check_settings(manifests: Manifests, environ: Mapping[str, str], *, usage: bool) -> None:
    """Raise one `SecretError` that lists every missing or invalid value with its place.

    If `usage` is false, the settings of usage sources are not checked, because the run does not read them. Those of
    alerts are never checked here: an alert that cannot be sent does not stop a run.
    """
    spec = manifests.workspace.spec
    wrong: list[tuple[Path, SecretError]] = []
    for path, reference in secret_references(spec):
        if path[0] == "alerts" or (path[0] == "usage" and not usage):
            continue
        try:
            value = resolve(reference, environ=environ, root=manifests.root, what=field_name(path))
            _check_login(path, reference, value)
        except SecretError as error:
            wrong.append((path, error))
    if not wrong:
        return
    placed = [(f"{_place(manifests, path)}: {field_name(path)}", found) for path, found in wrong]
    if len(placed) == 1:
        ((where, only),) = placed
        raise SecretError(only.what, where=where, advice=only.advice)
    lines = "\n".join(f"  {where}: {found.what}" for where, found in placed)
    advice = "; ".join(dict.fromkeys(found.advice for _, found in placed))
    raise SecretError(f"{len(placed)} settings are missing or not valid\n{lines}", advice=advice)


def _check_login(path: Path, reference: EnvSecret | FileSecret, value: str) -> None:
    """Raise `SecretError` if a ConnectWise setting is not ASCII, because it becomes a request header."""
    if path[0] == "connectwise" and path[1] != "site" and not value.isascii():
        if isinstance(reference, EnvSecret):
            holder = f"the environment variable {reference.env}"
        else:
            holder = f"the file {reference.file}"
        raise SecretError(f"{holder} contains a character that is not ASCII", advice="copy the value again")


def secret_references(value: Any, path: Path = ()) -> Iterator[tuple[Path, EnvSecret | FileSecret]]:
    """Yield the secret references in a spec or in a part of it, each with its path."""
    if isinstance(value, EnvSecret | FileSecret):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, info in type(value).model_fields.items():
            yield from secret_references(getattr(value, name), (*path, info.alias or name))
    elif isinstance(value, tuple | list):
        for index, item in enumerate(value):
            yield from secret_references(item, (*path, index))


def _place(manifests: Manifests, path: Path) -> str:
    """Return the place of a setting, such as `manifests/workspace.yaml:8:13`. A default has the document's place."""
    origin = manifests.workspace.origin
    file = manifests.root / origin.file
    read = files.read(FoundFile(origin.file, file))
    places = places_of(read.text).get(origin.index) if isinstance(read, SourceFile) else None
    line, column = places.value(("spec", *path)) if places is not None else (1, 1)
    return f"{file.as_posix()}:{line}:{column}"
