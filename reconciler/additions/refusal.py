"""Why one mapping cannot be billed: told in the plan, while the others are billed all the same."""

from __future__ import annotations


class RefusalError(Exception):
    """The reason, in words. Caught in this room, never shown as an error."""
