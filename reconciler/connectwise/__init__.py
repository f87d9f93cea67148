"""ConnectWise PSA over HTTP: one client, one exception tree, and nothing about any kind of object."""

from __future__ import annotations

from reconciler.connectwise import conditions
from reconciler.connectwise.client import ConnectWise
from reconciler.connectwise.conditions import Condition
from reconciler.connectwise.connection import Connection, Timeouts
from reconciler.connectwise.counts import RequestCounts
from reconciler.connectwise.errors import (
    BadConnection,
    Conflict,
    ConnectWiseError,
    EndlessPaging,
    FieldError,
    Forbidden,
    Invalid,
    NotFound,
    NotJson,
    NotStored,
    Redirected,
    ServerFailed,
    StateUnknown,
    TooLong,
    TooMany,
    Unauthorized,
    UnknownCompany,
    Unreachable,
)
from reconciler.connectwise.wire import Clock
from reconciler.connectwise.writing import Mismatch

__all__ = [
    "BadConnection",
    "Clock",
    "Condition",
    "Conflict",
    "ConnectWise",
    "ConnectWiseError",
    "Connection",
    "EndlessPaging",
    "FieldError",
    "Forbidden",
    "Invalid",
    "Mismatch",
    "NotFound",
    "NotJson",
    "NotStored",
    "Redirected",
    "RequestCounts",
    "ServerFailed",
    "StateUnknown",
    "Timeouts",
    "TooLong",
    "TooMany",
    "Unauthorized",
    "UnknownCompany",
    "Unreachable",
    "conditions",
]
