"""What the control endpoints take: one type per body, unknown members refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from reconciler.sandbox.cove.data.model import Level, State

_MOST_HOURS: Final = 24 * 366 * 100
_MOST_FACTOR: Final = 1_000_000
_Text = Annotated[str, Meta(min_length=1, max_length=250)]
_Positive = Annotated[int, Meta(ge=1)]


class ControlError(ValueError):
    """A request to the controls that cannot be met, in a sentence, with its HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


class _Body(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A body of which exactly one member is given."""

    def only(self) -> tuple[str, Any]:
        """The name and the value of the one member.

        Raises:
            ControlError: none or several are given, or a switch says false, which would ask for nothing.
        """
        given = [
            (name, value) for name in self.__struct_fields__ if (value := getattr(self, name)) is not msgspec.UNSET
        ]
        if len(given) != 1:
            raise ControlError(f"give exactly one of {', '.join(self.__struct_fields__)}")
        name, value = given[0]
        if value is False and name != "figure":
            raise ControlError(f"{name} is a switch: it is thrown with true")
        return name, value


class ClockBody(_Body):
    """A move of the clock."""

    advance_hours: Decimal | msgspec.UnsetType = msgspec.UNSET
    now: str | msgspec.UnsetType = msgspec.UNSET
    freeze: bool | msgspec.UnsetType = msgspec.UNSET


class FaultsBody(msgspec.Struct, forbid_unknown_fields=True):
    """The faults that are to be in force."""

    faults: list[str]


class SettingsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Settings that are to change; those left out stay."""

    latency_ms: Annotated[int, Meta(ge=0)] | msgspec.UnsetType = msgspec.UNSET
    rate_per_second: _Positive | msgspec.UnsetType | None = msgspec.UNSET
    page_ceiling: _Positive | msgspec.UnsetType = msgspec.UNSET


class ResetBody(_Body):
    """Start counting requests anew."""

    reset: bool | msgspec.UnsetType = msgspec.UNSET


class CodebaseBody(msgspec.Struct, forbid_unknown_fields=True):
    """The codebase after an upgrade of the tenant: one step of a path, with a slash behind."""

    codebase: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.]+/$")]


class SessionsBody(_Body):
    """What happens to the console's sessions."""

    unlock: bool | msgspec.UnsetType = msgspec.UNSET
    expire_visas: bool | msgspec.UnsetType = msgspec.UNSET


class NewDevice(msgspec.Struct, forbid_unknown_fields=True):
    """A device to add; bytes null is one that has never finished a backup."""

    bytes: int | None
    name: str = ""


class NewCustomer(msgspec.Struct, forbid_unknown_fields=True):
    """A partner to add, an end customer if no level is given, with a device for each number of bytes."""

    name: _Text
    devices: list[int | None] = []
    parent_id: int | None = None
    level: Level = Level.END_CUSTOMER


class CustomerBody(_Body):
    """A change of one customer."""

    bytes: int | msgspec.UnsetType = msgspec.UNSET
    factor: Decimal | msgspec.UnsetType = msgspec.UNSET
    bytes_per_hour: int | msgspec.UnsetType = msgspec.UNSET
    add_device: NewDevice | msgspec.UnsetType = msgspec.UNSET
    add_site: _Text | msgspec.UnsetType = msgspec.UNSET
    rename: _Text | msgspec.UnsetType = msgspec.UNSET
    state: State | msgspec.UnsetType = msgspec.UNSET
    recycle: bool | msgspec.UnsetType = msgspec.UNSET
    remove: bool | msgspec.UnsetType = msgspec.UNSET


class ColumnsBody(msgspec.Struct, forbid_unknown_fields=True):
    """Columns that the role may not read, and columns that are retired; each list replaces the one before."""

    refused: list[_Text] | msgspec.UnsetType = msgspec.UNSET
    retired: list[_Text] | msgspec.UnsetType = msgspec.UNSET


class DeviceBody(_Body):
    """A change of one device; `figure` is any value, given as it is."""

    missing: bool | msgspec.UnsetType = msgspec.UNSET
    bytes: int | msgspec.UnsetType = msgspec.UNSET
    figure: Any = msgspec.UNSET
    move_to: int | msgspec.UnsetType = msgspec.UNSET
    remove: bool | msgspec.UnsetType = msgspec.UNSET


def read_hours(hours: Decimal) -> timedelta:
    """A number of hours as a span, cut to whole seconds.

    Raises:
        ControlError: it is not finite, or longer than any calendar.
    """
    if not hours.is_finite():
        raise ControlError(f"{hours} is no number of hours")
    if abs(hours) > _MOST_HOURS:
        raise ControlError(f"{hours} hours lead beyond what a clock can show")
    return timedelta(seconds=int(hours * 3600))


def read_factor(factor: Decimal) -> Fraction:
    """A factor, exactly.

    Raises:
        ControlError: it is not finite, or larger than any growth.
    """
    if not factor.is_finite() or abs(factor) > _MOST_FACTOR:
        raise ControlError(f"{factor} is no factor: give one up to {_MOST_FACTOR}")
    return Fraction(factor)


def read_moment(text: str) -> datetime:
    """A moment from ISO 8601 with a zone, in UTC.

    Raises:
        ControlError: it cannot be read, or it says no zone, so that nobody could tell which hour is meant.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ControlError(f"{text} is no time: write it like 2026-11-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise ControlError(f"{text} names no zone: end it with Z for UTC, or with +01:00")
    return moment.astimezone(UTC)
