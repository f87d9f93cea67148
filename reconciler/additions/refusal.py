"""The reason why one mapping cannot be billed. The plan shows it, and the other mappings are billed."""

from __future__ import annotations


class RefusalError(Exception):
    """The reason as a sentence. This room catches it and puts it into the coverage table."""
