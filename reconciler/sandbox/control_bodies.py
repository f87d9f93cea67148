"""What the control endpoints take: one type per body, unknown members refused."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from reconciler.sandbox.model import State


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
        if value is False:
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

    latency_ms: int | msgspec.UnsetType = msgspec.UNSET
    rate_per_second: int | msgspec.UnsetType | None = msgspec.UNSET
    page_ceiling: int | msgspec.UnsetType = msgspec.UNSET


class ResetBody(_Body):
    """Start counting requests anew."""

    reset: bool | msgspec.UnsetType = msgspec.UNSET


class CodebaseBody(msgspec.Struct, forbid_unknown_fields=True):
    """The codebase after an upgrade of the tenant."""

    codebase: str


class SessionsBody(_Body):
    """What happens to the console's sessions."""

    unlock: bool | msgspec.UnsetType = msgspec.UNSET
    expire_visas: bool | msgspec.UnsetType = msgspec.UNSET


class NewDevice(msgspec.Struct, forbid_unknown_fields=True):
    """A device to add; bytes null is one that has never finished a backup."""

    bytes: int | None
    name: str = ""


class NewCustomer(msgspec.Struct, forbid_unknown_fields=True):
    """An end customer to add, with a device for each number of bytes."""

    name: str
    devices: list[int | None] = []
    parent_id: int | None = None


class CustomerBody(_Body):
    """A change of one customer."""

    bytes: int | msgspec.UnsetType = msgspec.UNSET
    factor: Decimal | msgspec.UnsetType = msgspec.UNSET
    bytes_per_hour: int | msgspec.UnsetType = msgspec.UNSET
    add_device: NewDevice | msgspec.UnsetType = msgspec.UNSET
    add_site: str | msgspec.UnsetType = msgspec.UNSET
    rename: str | msgspec.UnsetType = msgspec.UNSET
    state: State | msgspec.UnsetType = msgspec.UNSET
    recycle: bool | msgspec.UnsetType = msgspec.UNSET
    remove: bool | msgspec.UnsetType = msgspec.UNSET


class DeviceBody(_Body):
    """A change of one device."""

    missing: bool | msgspec.UnsetType = msgspec.UNSET
    bytes: int | msgspec.UnsetType = msgspec.UNSET
    remove: bool | msgspec.UnsetType = msgspec.UNSET


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
