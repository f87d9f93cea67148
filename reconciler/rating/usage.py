"""What rating needs to know about measured usage. `metering.measures.Measured` provides it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Usage(Protocol):
    """Bytes or a count, summed over `hours` hours. Dividing by `hours` gives the measure."""

    @property
    def total(self) -> int:
        """Return the sum over all chosen hours and all devices, in bytes × hours."""

    @property
    def hours(self) -> int:
        """Return the number of chosen hours, at least 1."""

    @property
    def by_device(self) -> Mapping[str | None, int]:
        """Return the sum of each device, in bytes × hours. The key is None if the source reports no devices."""

    @property
    def others(self) -> int:
        """Return the sum of the allowance's meter over the chosen hours. 0 if the allowance has no meter."""
