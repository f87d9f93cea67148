"""The error for a setting of the environment that no HTTP client can work with."""

from __future__ import annotations


class SettingError(Exception):
    """An environment variable for TLS or proxies has a value that cannot be used.

    Each client catches this error and raises its own, with the same text and the place of its own setting. `what` says
    what is wrong, and `advice` says what to do.
    """

    def __init__(self, what: str, *, advice: str) -> None:
        self.what = what
        self.advice = advice
        super().__init__(what)
