"""The TLS settings that every client shares."""

from __future__ import annotations

import ssl

import pytest

from reconciler.http.settings import SettingError
from reconciler.http.tls import tls_context


@pytest.mark.parametrize("url", ["https://x.example", "HTTPS://x.example"])
def test_certificate_and_host_name_are_verified(url: str) -> None:
    context = tls_context(url)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.cert_store_stats()["x509_ca"] > 0


def test_no_certificates_are_loaded_for_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    assert tls_context("http://127.0.0.1:8080").cert_store_stats()["x509_ca"] == 0


@pytest.mark.parametrize("name", ["/no/such/file", __file__])
def test_certificates_that_cannot_be_read_are_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", name)
    with pytest.raises(SettingError, match="SSL_CERT_FILE") as caught:
        tls_context("https://x.example")
    assert caught.value.advice.startswith("Set it to a file")
