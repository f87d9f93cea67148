"""Read the values of secret references. They are read when needed, and kept in memory only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import EnvSecret, FileSecret


class SecretError(ReconcilerError):
    """A secret is missing or cannot be valid. The message has the variable or the file, and never the value."""


def resolve(setting: str | EnvSecret | FileSecret, *, environ: Mapping[str, str], root: Path, what: str) -> str:
    """Return the value of a setting. `what` names the setting for messages, such as `connectwise.privateKey`.

    Paths are relative to the manifest folder `root`. One line break at the end of a file is removed, because editors
    add it. Raises `SecretError` if the value is missing, empty or too long, if it begins or ends in a space or a line
    break, or if it contains a character that cannot be printed.
    """
    if isinstance(setting, str):
        return setting
    if isinstance(setting, EnvSecret):
        value = environ.get(setting.env)
        if value is None:
            raise SecretError(f"the environment variable {setting.env} is not set", where=what, advice=_SET_IT)
        return _checked(value, f"the environment variable {setting.env}", what, _SET_IT)
    path = root / setting.file
    try:
        value = _bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SecretError(f"the file {path} is not UTF-8 text", where=what, advice="save it as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the path is not valid"
        advice = "write the value there, and let this user read the file"
        raise SecretError(f"the file {path} cannot be read: {reason}", where=what, advice=advice) from None
    value = value.removesuffix("\n").removesuffix("\r")
    return _checked(value, f"the file {path}", what, "write the value there, and nothing else")


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise OSError(0, f"it is larger than {_LARGEST // 1024} KiB")
    return raw


def _checked(value: str, holder: str, what: str, set_it: str) -> str:
    """Return the value unchanged, or raise `SecretError`. A space can be part of a secret, so nothing is trimmed."""
    again = "copy the value again"
    if not value.strip():
        raise SecretError(f"{holder} is empty", where=what, advice=set_it)
    for place, end in (("begins with", value[0]), ("ends in", value[-1])):
        if end.isspace():
            kind = "a line break" if end in "\r\n" else "a space"
            raise SecretError(f"{holder} {place} {kind}", where=what, advice=again)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise SecretError(f"{holder} is not UTF-8 text", where=what, advice="set it as UTF-8")
    if len(value) > _LONGEST:
        message = f"{holder} has {len(value):,} characters, more than the {_LONGEST:,} that are possible here"
        raise SecretError(message, where=what, advice=again)
    if not value.isprintable():
        raise SecretError(f"{holder} contains a character that cannot be printed", where=what, advice=again)
    return value


_LARGEST = 64 * 1024
_LONGEST = 2048
"""The most characters of a value. Servers refuse longer headers and URLs."""
_SET_IT = "set it before you run this command, or change the reference in the manifest"
