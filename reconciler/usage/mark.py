"""The mark of ownership: the `serialNumber` of every addition that is ours, and of nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import quote, unquote

PREFIX = "rc:"
MAX_LENGTH = 50
"""Length of `serialNumber` of an addition [spec]."""

_PLAIN = re.compile(r"[A-Za-z0-9_.~:@+,-]*")
"""What `quote` leaves as it is; asked first because it is the rule, and ten times as fast."""

_TAIL = 14  # "#" and 13 characters of base32: 65 bits


def mark_of(source: str, customer_id: str, mapping: str) -> str:
    """`rc:source/customer/mapping`; too long a text is cut and ends in `#` and a hash of the whole.

    The parts are percent-encoded, so that neither `/` nor `#` of a part can be taken for a separator: two
    mappings never have one mark unless 65 bits of their hashes agree. Changing this orphans every addition.
    """
    parts = (source, customer_id, mapping)
    text = PREFIX + "/".join(part if _PLAIN.fullmatch(part) else quote(part, safe=":@+,") for part in parts)
    if len(text) <= MAX_LENGTH:
        return text
    digest = hashlib.sha256(text.encode()).digest()
    tail = base64.b32encode(digest).decode().lower()[: _TAIL - 1]
    return f"{text[: MAX_LENGTH - _TAIL]}#{tail}"


def customer_of(mark: str) -> tuple[str, str] | None:
    """(source, customer id) of a mark; None where it was cut before their end."""
    parts = mark.removeprefix(PREFIX).partition("#")[0].split("/")
    return (unquote(parts[0]), unquote(parts[1])) if len(parts) == 3 else None


def is_ours(serial_number: str | None) -> bool:
    """Whether an addition carries a mark of ours; anything else is never touched."""
    return serial_number is not None and serial_number.startswith(PREFIX)
