"""Find the proxy of a request in the environment (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`)."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from reconciler.http.addresses import is_loopback
from reconciler.http.settings import SettingError


def environment_proxy(url: str) -> httpx.Proxy | None:
    """Return the proxy that the environment names for this URL, or None if the request goes out directly.

    A request to this machine never goes through a proxy. A proxy address without a scheme is an http proxy.
    Raises `SettingError` for a proxy of another protocol than HTTP (such as socks5), and for a value that is not an
    address. No part of that value is shown: it may hold a password.
    """
    target = urlsplit(url)
    address = getproxies().get(target.scheme)
    if not address or is_loopback(target.hostname or "") or proxy_bypass(target.netloc):
        return None
    variable = f"{target.scheme.upper()}_PROXY"
    address = address if "://" in address else f"http://{address}"
    if not address.startswith(("http://", "https://")):
        raise SettingError(
            f"the proxy of the environment uses {address.partition(':')[0]}, which is not supported",
            advice=f"Set {variable} to an http proxy, or put {target.hostname} into NO_PROXY.",
        )
    try:
        proxy = httpx.Proxy(address)
    except (httpx.InvalidURL, ValueError):
        proxy = None
    if proxy is None or not proxy.url.host or proxy.url.fragment or proxy.url.query or proxy.url.path.strip("/"):
        raise SettingError(
            "the proxy of the environment is not an address",
            advice=f"Set {variable} to http://HOST:PORT; write a / or # in its password as %2F or %23. "
            "No part of the value is shown here.",
        )
    return proxy
