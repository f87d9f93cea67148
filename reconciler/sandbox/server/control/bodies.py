"""The JSON bodies of the controls: one type for each. Unknown members are refused."""

from __future__ import annotations

from calendar import monthrange
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from reconciler.sandbox.cove.data.model import Level, Profile, State

_MOST_HOURS: Final = 24 * 366 * 100
_MOST_MONTHS: Final = 12 * 100
_MOST_FACTOR: Final = 1_000_000
_Text = Annotated[str, Meta(min_length=1, max_length=250)]
_Positive = Annotated[int, Meta(ge=1)]


class ControlError(ValueError):
    """A request to a control that cannot be carried out, with a sentence and an HTTP status."""

    def __init__(self, message: str, status: int = 400) -> None:
        self.status = status
        super().__init__(message)


class _Body(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A body with exactly one member."""

    def only(self) -> tuple[str, Any]:
        """Return the name and the value of the one member.

        Raises:
            ControlError: there is no member or several, or a switch is false.
        """
        given = [
            (name, value) for name in self.__struct_fields__ if (value := getattr(self, name)) is not msgspec.UNSET
        ]
        if len(given) != 1:
            raise ControlError(f"give exactly one of {', '.join(self.__struct_fields__)}")
        name, value = given[0]
        if value is False and name != "figure":
            raise ControlError(f"{name} is a switch: give true")
        return name, value


class ClockBody(_Body):
    """One move of the clock."""

    advance_hours: Decimal | msgspec.UnsetType = msgspec.UNSET
    advance_days: Decimal | msgspec.UnsetType = msgspec.UNSET
    advance_months: Annotated[int, Meta(ge=-_MOST_MONTHS, le=_MOST_MONTHS)] | msgspec.UnsetType = msgspec.UNSET
    now: str | msgspec.UnsetType = msgspec.UNSET
    freeze: bool | msgspec.UnsetType = msgspec.UNSET


class FaultsBody(msgspec.Struct, forbid_unknown_fields=True):
    """The new faults."""

    faults: list[str]


class SettingsBody(msgspec.Struct, forbid_unknown_fields=True):
    """The settings to change. Settings that are left out stay as they are."""

    latency_ms: Annotated[int, Meta(ge=0)] | msgspec.UnsetType = msgspec.UNSET
    rate_per_second: _Positive | msgspec.UnsetType | None = msgspec.UNSET
    page_ceiling: _Positive | msgspec.UnsetType = msgspec.UNSET


class ResetBody(_Body):
    """Set the counts of requests to 0."""

    reset: bool | msgspec.UnsetType = msgspec.UNSET


class CodebaseBody(msgspec.Struct, forbid_unknown_fields=True):
    """The codebase after an upgrade of the tenant: one path segment with a slash at its end."""

    codebase: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.]+/$")]


class SessionsBody(_Body):
    """One change of the login or of the visas of the console."""

    unlock: bool | msgspec.UnsetType = msgspec.UNSET
    expire_visas: bool | msgspec.UnsetType = msgspec.UNSET


class NewDevice(msgspec.Struct, forbid_unknown_fields=True):
    """A device to add. `bytes` is null for a device that has never finished a backup."""

    bytes: int | None
    name: str = ""


class NewCustomer(msgspec.Struct, forbid_unknown_fields=True):
    """A partner to add, by default an end customer, with one device for each number of bytes."""

    name: _Text
    devices: list[int | None] = []
    parent_id: int | None = None
    level: Level = Level.END_CUSTOMER


class CustomerBody(_Body):
    """One change of a partner."""

    bytes: int | msgspec.UnsetType = msgspec.UNSET
    factor: Decimal | msgspec.UnsetType = msgspec.UNSET
    bytes_per_hour: int | msgspec.UnsetType = msgspec.UNSET
    add_device: NewDevice | msgspec.UnsetType = msgspec.UNSET
    add_site: _Text | msgspec.UnsetType = msgspec.UNSET
    rename: _Text | msgspec.UnsetType = msgspec.UNSET
    profile: Profile | msgspec.UnsetType = msgspec.UNSET
    external_code: str | msgspec.UnsetType = msgspec.UNSET
    state: State | msgspec.UnsetType = msgspec.UNSET
    recycle: bool | msgspec.UnsetType = msgspec.UNSET
    remove: bool | msgspec.UnsetType = msgspec.UNSET


class ColumnsBody(msgspec.Struct, forbid_unknown_fields=True):
    """The columns that the role may not read, and those that are retired. A given list replaces the old one."""

    refused: list[_Text] | msgspec.UnsetType = msgspec.UNSET
    retired: list[_Text] | msgspec.UnsetType = msgspec.UNSET


class ObjectBody(msgspec.Struct, forbid_unknown_fields=True):
    """One write to the tenant by another login: a new object, changed fields, or a delete."""

    create: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    set: dict[str, Any] | msgspec.UnsetType = msgspec.UNSET
    delete: Literal[True] | msgspec.UnsetType = msgspec.UNSET
    by: _Text = "OtherIntegration"


class RoutineBody(msgspec.Struct, forbid_unknown_fields=True):
    """When the invoices of an agreement are made, or those of all agreements. `days` before or after the period."""

    timing: Literal["advance", "arrears", "none"]
    days: Annotated[int, Meta(ge=0, le=90)] = 0
    agreement: int | None = None


class InvoicesBody(msgspec.Struct, forbid_unknown_fields=True):
    """The invoices to make today: of one agreement or of all, those of each period that begins by the day `through`.

    Without `through`, it is the next invoice of each.
    """

    agreement: int | None = None
    through: date | None = None


class ObjectId(msgspec.Struct):
    """An object that is named by its id."""

    id: int


class ProposalBody(msgspec.Struct):
    """The proposal of an import for one customer. A company can also be named by its identifier."""

    customer: str | int
    confidence: str
    company: int | str | ObjectId | None = None
    agreement: int | ObjectId | None = None
    addition: int | ObjectId | None = None


class ProposalsBody(msgspec.Struct):
    """The output of an import. Other members are ignored."""

    proposals: list[ProposalBody]


class DeviceBody(_Body):
    """One change of a device. `figure` is any value."""

    missing: bool | msgspec.UnsetType = msgspec.UNSET
    bytes: int | msgspec.UnsetType = msgspec.UNSET
    figure: Any = msgspec.UNSET
    users: int | msgspec.UnsetType = msgspec.UNSET
    recovery: Literal[0, 1, 2] | msgspec.UnsetType = msgspec.UNSET
    move_to: int | msgspec.UnsetType = msgspec.UNSET
    remove: bool | msgspec.UnsetType = msgspec.UNSET


def read_hours(hours: Decimal) -> timedelta:
    """Return a number of hours as a timedelta, in whole seconds.

    Raises:
        ControlError: the number is not finite, or larger than a century.
    """
    if not hours.is_finite():
        raise ControlError(f"{hours} is not a number of hours")
    if abs(hours) > _MOST_HOURS:
        raise ControlError(f"{hours} hours are too many: give at most {_MOST_HOURS}")
    return timedelta(seconds=int(hours * 3600))


def read_days(days: Decimal) -> timedelta:
    """Return a number of days as a timedelta, in whole seconds.

    Raises:
        ControlError: the number is not finite, or larger than a century.
    """
    if not days.is_finite():
        raise ControlError(f"{days} is not a number of days")
    return read_hours(days * 24)


def months_later(moment: datetime, months: int) -> datetime:
    """Return the same time of day some months later, on the month's last day where it has no such day.

    Raises:
        ControlError: the year is not one of the calendar.
    """
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise ControlError(f"{months} months from {moment.date()} lie outside the calendar")
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def read_factor(factor: Decimal) -> Fraction:
    """Return a factor without rounding.

    Raises:
        ControlError: the factor is not finite, or above 1,000,000.
    """
    if not factor.is_finite() or abs(factor) > _MOST_FACTOR:
        raise ControlError(f"{factor} is not a factor: give one up to {_MOST_FACTOR}")
    return Fraction(factor)


def read_moment(text: str) -> datetime:
    """Return a time in UTC from ISO 8601 with a zone.

    Raises:
        ControlError: the text is not a time, or it has no zone.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ControlError(f"{text} is not a time: write it like 2026-11-01T00:00:00Z") from None
    if moment.tzinfo is None:
        raise ControlError(f"{text} has no zone: end it with Z for UTC, or with +01:00")
    return moment.astimezone(UTC)
