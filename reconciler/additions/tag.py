"""Write and read tags: the `serialNumber` of every addition that is ours (BILLING, Additions).

    rc:source/customer/mapping/charge            an addition that is updated each hour
    rc:source/customer/mapping/charge/2026-10    the addition of one period
    rc:source/customer/mapping/charge/2026-10+1  the first adjustment of that period

The parts are percent-encoded, so that no part contains a `/` or a `#`. A tag that is too long for ConnectWise is cut,
and ends with `#` and a hash of all its parts. The period is never cut.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

PREFIX = "rc:"
MAX_LENGTH = 50
"""Maximum length of an addition's `serialNumber`, in characters [spec]."""

DEFAULT_CHARGE = "storage"
"""The name of a charge that has none in its mapping. It is the name of the default meter."""

_HASH = 13  # characters of base32: 65 bits
_PLAIN = re.compile(r"[A-Za-z0-9_.~:@+,-]*", re.ASCII)
"""Text that `quote` does not change. This check is ten times as fast as calling `quote`."""

_WHOLE = re.compile(r"rc:([^/#]+)/([^/#]+)/([^/#]+)(?:/([^/#]+))?", re.ASCII)
_CUT = re.compile(rf"rc:[^#]*#([a-z2-7]{{{_HASH}}})", re.ASCII)
_PERIOD = re.compile(r"/(\d{4}-\d{2})(?:\+([1-9]\d*))?$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Tag:
    """The content of a tag. Two tags of one charge have the same `identity`."""

    identity: str
    """A hash of source, customer, mapping and charge."""
    period: str | None = None
    """`2026-10` for an addition of one period. None for an hourly addition."""
    adjustment: int = 0
    """The number of an adjustment. 0 for the addition of the period itself."""
    parts: tuple[str, ...] = ()
    """Source, customer, mapping and charge. A tag of version 0.1 has no charge. Empty if the tag was cut."""
    customer: tuple[str, str] | None = None
    """Source and customer id. None if the tag was cut before the end of the customer id."""

    @property
    def charge(self) -> str | None:
        """Return the name of the charge. None if the tag was cut."""
        return None if not self.parts else self.parts[3] if len(self.parts) > 3 else DEFAULT_CHARGE


def tag_of(
    source: str,
    customer_id: str,
    mapping: str,
    charge: str = DEFAULT_CHARGE,
    *,
    period: str | None = None,
    adjustment: int = 0,
) -> str:
    """Return the tag of a charge, of one period or adjustment if given.

    If you change this function, all additions with a tag become orphans.
    """
    end = "" if period is None else f"/{period}" + (f"+{adjustment}" if adjustment else "")
    return _shortened(_base(source, customer_id, mapping, charge), MAX_LENGTH - len(end)) + end


def identity_of(source: str, customer_id: str, mapping: str, charge: str | None = DEFAULT_CHARGE) -> str:
    """Return the `identity` of a charge's tags. If `charge` is None, return that of the tags of version 0.1."""
    return _digest(_base(source, customer_id, mapping, *(() if charge is None else (charge,))))


def parse(serial_number: str | None) -> Tag | None:
    """Return the tag in a serial number. None if it is not one of our tags: the addition is not ours."""
    text = (serial_number or "").strip()
    if not text.startswith(PREFIX):
        return None
    if cut := _CUT.match(text):
        rest = text[cut.end() :]
        period = _PERIOD.fullmatch(rest)
        # The last part may be incomplete, and so may its percent-encoding.
        readable = tuple(unquote(part) for part in text[len(PREFIX) : cut.start(1)].split("/")[:-1])
        return None if rest and period is None else _tag(cut[1], (), period, readable)
    # A charge may have the name `2026-10`. Only the fifth part is a period.
    period = _PERIOD.search(text) if text.count("/") == 4 else None
    whole = _WHOLE.fullmatch(text[: period.start()] if period else text)
    if whole is None:
        return None
    parts = tuple(unquote(part) for part in whole.groups() if part is not None)
    return _tag(_digest(whole[0]), parts, period, parts)


def is_of_source(serial_number: str | None, source: str) -> bool:
    """Return whether a serial number is a tag of this usage source. The tag may be cut."""
    text = (serial_number or "").strip()
    return text.startswith(f"{_base(source)}/") and parse(text) is not None


def _tag(identity: str, parts: tuple[str, ...], period: re.Match[str] | None, readable: tuple[str, ...]) -> Tag:
    customer = (readable[0], readable[1]) if len(readable) > 1 else None
    if period is None:
        return Tag(identity, parts=parts, customer=customer)
    return Tag(identity, period[1], int(period[2] or 0), parts, customer)


def _base(*parts: str) -> str:
    return PREFIX + "/".join(part if _PLAIN.fullmatch(part) else quote(part, safe=":@+,") for part in parts)


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - _HASH - 1]}#{_digest(text)}"


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha256(text.encode()).digest()).decode().lower()[:_HASH]
