"""References to secrets → their values, read at the last moment and held in memory only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.kinds.fields import EnvSecret, FileSecret


class SecretError(ReconcilerError):
    """A referenced value is not there, or cannot be right. Names the variable or the file, and never a value."""


def resolve(setting: str | EnvSecret | FileSecret, *, environ: Mapping[str, str], root: Path, what: str) -> str:
    """The text that a setting means. `what` says for the message which setting it is: `connectwise.privateKey`.

    Files are relative to the manifest folder `root`; one line break at their end is taken off, since editors add it.
    Raises `SecretError` when the variable or file is missing or empty, begins or ends in a blank or a line break, or
    holds what cannot be printed: such a value was copied wrongly.
    """
    if isinstance(setting, str):
        return setting
    if isinstance(setting, EnvSecret):
        value = environ.get(setting.env)
        if value is None:
            raise SecretError(f"the environment variable {setting.env} is not set", where=what, advice=_SET_IT)
        return _in_order(value, f"the environment variable {setting.env}", what, _SET_IT)
    path = root / setting.file
    try:
        value = _bytes_of(path).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SecretError(f"the file {path} is not UTF-8 text", where=what, advice="save it as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "that is no path"
        advice = "write the value there, readable for this user"
        raise SecretError(f"the file {path} cannot be read: {reason}", where=what, advice=advice) from None
    value = value.removesuffix("\n").removesuffix("\r")
    return _in_order(value, f"the file {path}", what, "write the value there, and nothing else")


def _bytes_of(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(_LARGEST + 1)
    if len(raw) > _LARGEST:
        raise OSError(0, f"it is larger than {_LARGEST // 1024} KiB, and no secret is")
    return raw


def _in_order(value: str, holder: str, what: str, set_it: str) -> str:
    """The value as it stands; nothing is trimmed off, since only its owner knows what belongs to it."""
    again = "copy the value again, without what came along"
    if not value.strip():
        raise SecretError(f"{holder} is empty", where=what, advice=set_it)
    for place, end in (("begins with", value[0]), ("ends in", value[-1])):
        if end.isspace():
            kind = "a line break" if end in "\r\n" else "a blank"
            raise SecretError(f"{holder} {place} {kind}", where=what, advice=again)
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise SecretError(f"{holder} is not UTF-8 text", where=what, advice="set it as UTF-8")
    if len(value) > _LONGEST:
        what_is_long = f"{holder} has {len(value):,} characters, and no value of its kind has more than {_LONGEST:,}"
        raise SecretError(what_is_long, where=what, advice=again)
    if not value.isprintable():
        raise SecretError(f"{holder} holds a character that cannot be printed", where=what, advice=again)
    return value


_LARGEST = 64 * 1024
_LONGEST = 2048
"""Characters. A whole header, or the address of a source, is shorter; servers refuse longer ones."""
_SET_IT = "set it before this command, or change the reference in the manifest"
