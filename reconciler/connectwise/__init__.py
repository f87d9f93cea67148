"""The client of the ConnectWise PSA API.

Owns: authentication, discovery of the API, conditions, paging, bundles, retries and limits, writes, and the errors of
all of these.
Does not: contain anything about a kind of object, or decide which values count as the same. It takes paths, JSON, the
shapes that `kinds` declares, and for each write a function that compares the stored object with the sent values
(`applying.read_back`).
Always true: no POST is sent twice without a lookup in between, no message shows a credential, and a list is read to its
end or raises an error.
"""

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
from reconciler.connectwise.session import Clock
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
