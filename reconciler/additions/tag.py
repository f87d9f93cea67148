"""The tag: the `serialNumber` of every addition that is ours (BILLING, Additions).

    rc:source/customer/mapping/charge            a line that is rewritten each hour
    rc:source/customer/mapping/charge/2026-10    the line of one period
    rc:source/customer/mapping/charge/2026-10+1  the first adjustment of that period

The parts are percent-encoded, so that no part can hold a `/` or a `#`. A tag that is too long for ConnectWise is cut
and goes on with `#` and a hash of all its parts; the period always stays whole.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

PREFIX = "rc:"
MAX_LENGTH = 50
"""Length of `serialNumber` of an addition [spec]."""

DEFAULT_CHARGE = "storage"
"""The charge of a mapping that names none is called after its meter, and `storage` is the default meter."""

_HASH = 13  # characters of base32: 65 bits
_PLAIN = re.compile(r"[A-Za-z0-9_.~:@+,-]*", re.ASCII)
"""What `quote` leaves as it is. Asking this first is ten times as fast as calling `quote`."""

_WHOLE = re.compile(r"rc:([^/#]+)/([^/#]+)/([^/#]+)(?:/([^/#]+))?", re.ASCII)
_CUT = re.compile(rf"rc:[^#]*#([a-z2-7]{{{_HASH}}})", re.ASCII)
_PERIOD = re.compile(r"/(\d{4}-\d{2})(?:\+([1-9]\d*))?$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tag:
    """What a tag says, as far as it can be read. Two tags of one charge have the same `identity`."""

    identity: str
    """A hash of source, customer, mapping and charge."""
    period: str | None = None
    """`2026-10` for a line of one period."""
    adjustment: int = 0
    """The number of an adjustment; 0 for the line itself."""
    parts: tuple[str, ...] = ()
    """Source, customer, mapping and charge (the charge is missing in a tag of the first version); empty where the
    tag was cut."""

    customer: tuple[str, str] | None = None
    """(source, customer id); None where the tag was cut before their end."""


def tag_of(
    source: str,
    customer_id: str,
    mapping: str,
    charge: str = DEFAULT_CHARGE,
    *,
    period: str | None = None,
    adjustment: int = 0,
) -> str:
    """The tag of a charge. A change of this function orphans every addition that is tagged."""
    end = "" if period is None else f"/{period}" + (f"+{adjustment}" if adjustment else "")
    return _shortened(_base(source, customer_id, mapping, charge), MAX_LENGTH - len(end)) + end


def first_version_of(source: str, customer_id: str, mapping: str) -> str:
    """The tag that version 0.1 wrote, which named no charge."""
    return _shortened(_base(source, customer_id, mapping), MAX_LENGTH)


def identity_of(source: str, customer_id: str, mapping: str, charge: str | None = DEFAULT_CHARGE) -> str:
    """The `identity` of a charge's tags; of the tags of the first version where `charge` is None."""
    return _digest(_base(source, customer_id, mapping, *(() if charge is None else (charge,))))


def parse(serial_number: str | None) -> Tag | None:
    """The tag in a serial number, or None: then the addition is not ours, and is never touched."""
    text = (serial_number or "").strip()
    if not text.startswith(PREFIX):
        return None
    if cut := _CUT.match(text):
        rest = text[cut.end() :]
        told = _PERIOD.fullmatch(rest)
        # The last part that is left may be half of one, and so may its percent-encoding.
        known = tuple(unquote(part) for part in text[len(PREFIX) : cut.start(1)].split("/")[:-1])
        return None if rest and told is None else _tag(cut[1], (), told, known)
    # A charge may be called `2026-10`. Four parts are a charge, and only a fifth is a period.
    told = _PERIOD.search(text) if text.count("/") == 4 else None
    whole = _WHOLE.fullmatch(text[: told.start()] if told else text)
    if whole is None:
        return None
    parts = tuple(unquote(part) for part in whole.groups() if part is not None)
    return _tag(_digest(whole[0]), parts, told, parts)


def is_of_source(serial_number: str | None, source: str) -> bool:
    """Whether a serial number is a tag of this usage source, cut or not."""
    text = (serial_number or "").strip()
    return text.startswith(f"{_base(source)}/") and parse(text) is not None


def _tag(identity: str, parts: tuple[str, ...], told: re.Match[str] | None, known: tuple[str, ...]) -> Tag:
    customer = (known[0], known[1]) if len(known) > 1 else None
    if told is None:
        return Tag(identity, parts=parts, customer=customer)
    return Tag(identity, told[1], int(told[2] or 0), parts, customer)


def _base(*parts: str) -> str:
    return PREFIX + "/".join(part if _PLAIN.fullmatch(part) else quote(part, safe=":@+,") for part in parts)


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - _HASH - 1]}#{_digest(text)}"


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:_HASH]
