"""Bodies read and decompressed up to a limit."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import AsyncIterator

import httpx
import pytest

from reconciler.http.bodies import OversizeError, decompress, read_up_to

GZIPPED = gzip.compress(b"abcd", mtime=0)
"""Without the time of the compression: each worker of pytest-xdist must give a test the same id."""


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@pytest.mark.parametrize("parts", [(), (b"abcd",), (b"ab", b"", b"cd")])
async def test_a_body_of_the_limit_is_read_whole(parts: tuple[bytes, ...]) -> None:
    assert await read_up_to(4, chunks(*parts)) == b"".join(parts)


async def test_a_body_beyond_the_limit_is_refused() -> None:
    with pytest.raises(OversizeError):
        await read_up_to(4, chunks(b"ab", b"cde"))


RAW = zlib.compressobj(wbits=-15)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (GZIPPED, "gzip"),
        (GZIPPED, " X-GZIP "),
        (zlib.compress(b"abcd"), "deflate"),
        (RAW.compress(b"abcd") + RAW.flush(), "deflate"),
    ],
)
def test_gzip_and_both_forms_of_deflate_are_decompressed(body: bytes, coding: str) -> None:
    assert decompress(body, coding, 4) == b"abcd"


def test_a_small_body_that_decompresses_beyond_the_limit_is_refused() -> None:
    with pytest.raises(OversizeError):
        decompress(gzip.compress(b" " * 2**20), "gzip", 2**10)


@pytest.mark.parametrize(("body", "coding"), [(b"abcd", "gzip"), (GZIPPED[:-4], "gzip"), (b"abcd", "br")])
def test_a_body_that_cannot_be_decompressed_is_an_error(body: bytes, coding: str) -> None:
    with pytest.raises(httpx.DecodingError, match=f"content coding '{coding}'"):
        decompress(body, coding, 4)
