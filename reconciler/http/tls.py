"""TLS settings for every client: the trusted certificate authorities. The server's certificate is always checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from ssl import PROTOCOL_TLS_CLIENT, SSLContext
from urllib.parse import urlsplit

import httpx

from reconciler.http.settings import SettingError


def tls_context(url: str) -> SSLContext:
    """Return the TLS settings for requests to this URL: certificate and host name are verified.

    The authorities are those of `SSL_CERT_FILE` or `SSL_CERT_DIR`, or else those that come with httpx (certifi). For a
    plain http URL they are not loaded: that takes as long as reading a small estate.
    Raises `SettingError` where the files of the environment cannot be read.
    """
    if urlsplit(url).scheme != "https":
        return SSLContext(PROTOCOL_TLS_CLIENT)
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # an ssl.SSLError is one
        raise SettingError(
            f"the certificates that SSL_CERT_FILE or SSL_CERT_DIR name cannot be read: {error.strerror or error}",
            advice="Set it to a file with the certificates of the authorities that you trust, or unset it.",
        ) from error


@contextmanager
def authorities_unread() -> Iterator[None]:
    """While this context is open, no TLS context reads the machine's certificate authorities. For importing aiohttp.

    aiohttp makes two contexts when it is imported, which takes twice as long as the rest of the import. No request uses
    them, because each transport gets the context of `tls_context`. A context without authorities trusts no server.
    """
    # The type checker refuses to replace a method of a class.
    SSLContext.set_default_verify_paths = lambda _context: None  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        del SSLContext.set_default_verify_paths  # the method of the base class is found again
