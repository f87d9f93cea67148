"""Read response bodies up to a limit of size, so that a server that sends without end cannot fill the memory."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable

import httpx

LARGEST_BODY = 64 * 2**20
"""Bytes of one response at most, after decompression. A page of 1,000 ConnectWise objects is about 5 MB, and 64 MiB are
about half a million rows of usage."""


class OversizeError(Exception):
    """A response body is larger than the limit."""


async def read_up_to(limit: int, chunks: AsyncIterable[bytes]) -> bytes:
    """Return the chunks of a body as one. Raises `OversizeError` beyond `limit` bytes."""
    parts, size = [], 0
    async for chunk in chunks:
        size += len(chunk)
        if size > limit:
            raise OversizeError
        parts.append(chunk)
    return b"".join(parts)


def decompress(body: bytes, coding: str, limit: int) -> bytes:
    """Return a body without its content coding (`Content-Encoding`), gzip or deflate.

    Raises `OversizeError` if the result is larger than `limit` bytes, even if the compressed body is small. Raises
    `httpx.DecodingError` if the body cannot be decompressed.
    """
    windows = {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(coding.strip().lower(), ())
    for window in windows:
        decompressor = zlib.decompressobj(window)
        try:
            found = decompressor.decompress(body, limit + 1)
        except zlib.error:
            continue
        if len(found) > limit:
            raise OversizeError
        if decompressor.eof:
            return found
    raise httpx.DecodingError(f"the content coding '{coding[:40]}' of the response cannot be decoded")
