"""Send messages by apprise. Its log contains URLs with tokens, so nothing of it is shown before it is scrubbed."""

from __future__ import annotations

import re
import warnings
from functools import cache
from urllib.parse import unquote

from reconciler.alerts.message import Message
from reconciler.errors import in_one_line
from reconciler.http.scrubbing import Secrets

_SHORTEST_SECRET = 4
"""The fewest characters of a part of a URL that is scrubbed. A shorter one is in any text by chance."""
_SHORTEST_LOGIN = 2
_LONGEST = 200
"""The most characters of the reason why a message was not sent."""
_SEPARATORS = re.compile(r"[/?&=@:#,;+\s]+")


def send(url: str, message: Message) -> str:
    """Send a message to one receiver. Return why it was not sent, or "". Raises nothing. Call `load` before."""
    try:
        reason = _send(url, message)
    except Exception as error:  # noqa: BLE001 - a plugin of apprise may raise anything, and no alert stops a run
        reason = f"unexpected {type(error).__name__}"
    return secrets_of(url).scrub(in_one_line(reason))[:_LONGEST] if reason else ""


def secrets_of(url: str) -> Secrets:
    """Return the parts of a receiver's URL that no message may show: tokens, logins, hosts and paths."""
    address, _, _ = url.partition("?")
    _, _, rest = url.partition("://")
    long = (part for part in _SEPARATORS.split(rest or url) if len(part) >= _SHORTEST_SECRET)
    _, _, login = address.rpartition("@")[0].partition("://")
    parts = [*long, *(part for part in _SEPARATORS.split(login) if len(part) >= _SHORTEST_LOGIN)]
    return Secrets([url, *(form for part in parts for form in (part, unquote(part)))])


@cache
def load() -> None:
    """Import apprise and its plugins. One of them imports a deprecated module of Python 3.11 and 3.12."""
    import apprise  # noqa: PLC0415 - with its plugins it takes 0.4 s to import, and few runs have an alert

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        apprise.Apprise.instantiate("json://localhost")


def _send(url: str, message: Message) -> str:
    import apprise  # noqa: PLC0415 - see `load`

    asset = apprise.AppriseAsset(
        app_id="reconciler",
        app_desc="Alerts of reconciler",
        app_url="",
        image_url_mask="",  # services would load pictures from elsewhere
        image_path_mask=False,
        http_redirects=False,  # a redirect would send the message, and perhaps a token, to another host
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode="memory",
        async_mode=False,  # with `service_timeout=0`: apprise starts no thread, which the end of a run would wait for
        service_timeout=0,
        allow_templates=False,
        language="en",
    )
    plugin = apprise.Apprise.instantiate(url, asset=asset)
    if plugin is None:
        return "apprise cannot use the URL of this service"
    if "overflow=" not in url:
        plugin.overflow_mode = apprise.OverflowMode.SPLIT  # most services refuse a message that is too long
    with apprise.Apprise(plugin, asset=asset).notify(
        title=message.title, body=message.body, notify_type=message.tone, body_format=apprise.NotifyFormat.TEXT
    ) as result:
        said = dict.fromkeys(str(entry.message) for entry in result.logs())
        return "" if result else "; ".join(said) or "the service did not accept it"
