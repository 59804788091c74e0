"""Test the signature of a callback and the times of its retries."""

from __future__ import annotations

import hashlib
import hmac
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from leanpix.domain.callbacks import (
    CALLBACK_PAUSES_SECONDS,
    Delivery,
    pause_after,
    sign,
    sign_by_standard,
    to_standard_secret,
)
from leanpix.domain.ids import make_callback_secret


def test_the_signature_is_one_that_a_client_can_check() -> None:
    """As docs/ledger.md tells a client to."""
    header = sign(b'{"id":1}', secret="whsec_x", at=1_800_000_000.7)
    fields = dict(field.split("=", 1) for field in header.split(","))
    signed = f"{fields['t']}.".encode() + b'{"id":1}'
    expected = hmac.new(b"whsec_x", signed, hashlib.sha256).hexdigest()
    assert fields == {"t": "1800000000", "v1": expected}


def test_pauses_grow_until_the_last_try() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, 9)]
    assert pauses == [*CALLBACK_PAUSES_SECONDS, None, None]
    assert list(CALLBACK_PAUSES_SECONDS) == sorted(CALLBACK_PAUSES_SECONDS)


def test_any_success_status_takes_a_delivery_and_nothing_else_does() -> None:
    taken = [status for status in range(100, 600) if Delivery(at=0, status=status).was_accepted]
    assert taken == list(range(200, 300))
    assert not Delivery(at=0, error="the URL's host did not answer properly").was_accepted


@pytest.mark.parametrize(
    "secret",
    [
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=",
        # As accounts got them before there were these headers: in the alphabet of URLs.
        "whsec_NH2f0gBeRAIqcT3XSMW_UhJNNohXdOSIUiL-VuRQmkk",
        "whsec_of_ada",
        "plain",
    ],
)
def test_the_library_of_standard_webhooks_accepts_our_signature(secret: str) -> None:
    body = b'{"status":"ok"}'
    headers = sign_by_standard(body, message_id="job_7", secret=secret, at=time.time())
    assert Webhook(to_standard_secret(secret)).verify(body, headers) == {"status": "ok"}


def test_the_library_of_standard_webhooks_refuses_another_body() -> None:
    secret = make_callback_secret()
    headers = sign_by_standard(b"{}", message_id="job_7", secret=secret, at=time.time())
    with pytest.raises(WebhookVerificationError):
        Webhook(to_standard_secret(secret)).verify(b"[]", headers)


def test_a_new_secret_is_one_of_standard_webhooks_as_it_is() -> None:
    secret = make_callback_secret()
    assert to_standard_secret(secret) == secret
