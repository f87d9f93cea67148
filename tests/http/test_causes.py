"""Causes of a missing response."""

from __future__ import annotations

import pytest

from reconciler.http.causes import cause_of


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            OSError("Cannot connect to host 127.0.0.1:9 ssl:default [Connect call failed]"),
            "Cannot connect to host 127.0.0.1:9 [Connect call failed]",
        ),
        (
            ValueError(
                "Response payload is not completed: <ContentLengthError: 400, message='Not enough data to satisfy "
                "content length header (received 89 of 179 bytes).'>"
            ),
            "the connection closed after 89 of 179 bytes",
        ),
        (OSError(), "OSError"),
    ],
)
def test_a_cause_has_no_terms_of_the_library(error: Exception, expected: str) -> None:
    assert cause_of(error) == expected
