"""`make undo`: try many histories of runs and their undos, and print what they had."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest


def main() -> int:
    """Run both properties with the histories and the seed of the command line. Return the exit code of pytest."""
    histories, seed = sys.argv[1:]
    os.environ["UNDO_HISTORIES"] = histories
    folder = Path(__file__).parent
    code = pytest.main(["-q", "-x", "-p", "no:cacheprovider", f"--hypothesis-seed={seed}", str(folder)])
    from tests.undo import test_billing, test_setup  # noqa: PLC0415 - at import they read the number of histories

    for name, module in (("setup", test_setup), ("billing", test_billing)):
        print(f"{name}:")
        for what, count in sorted(module.FIGURES.items()):
            print(f"  {count:7,} {what}")
    return int(code)


sys.exit(main())
