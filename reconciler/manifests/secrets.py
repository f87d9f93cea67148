"""References to secrets → their values, read at the last moment and held in memory only."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reconciler.errors import ReconcilerError
from reconciler.kinds.base import EnvSecret, FileSecret


class SecretError(ReconcilerError):
    """A referenced value is not there. Names the variable or the file, and never a value."""


def resolve(setting: str | EnvSecret | FileSecret, *, environ: Mapping[str, str], root: Path, what: str) -> str:
    """The text that a setting means. `what` says for the message which setting it is: `connectwise.privateKey`.

    Files are relative to the manifest folder `root`; one line break at their end is taken off.
    Raises `SecretError` when the variable or file is missing or empty.
    """
    if isinstance(setting, str):
        return setting
    if isinstance(setting, EnvSecret):
        value = environ.get(setting.env)
        if value is None:
            raise SecretError(f"the environment variable {setting.env} is not set", where=what, advice=_SET_IT)
        if not value.strip():
            raise SecretError(f"the environment variable {setting.env} is empty", where=what, advice=_SET_IT)
        return value
    path = root / setting.file
    try:
        value = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise SecretError(f"the file {path} is not UTF-8 text", where=what, advice="save it as UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "that is no path"
        advice = "write the value there, readable for this user"
        raise SecretError(f"the file {path} cannot be read: {reason}", where=what, advice=advice) from None
    value = value.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise SecretError(f"the file {path} is empty", where=what, advice="write the value there")
    return value


_SET_IT = "set it before this command, or change the reference in the Workspace"
