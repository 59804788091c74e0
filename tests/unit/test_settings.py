"""Test the reader of a function's environment."""

from __future__ import annotations

import pytest

from leanpix.contract import EnvironmentName
from leanpix.settings import Settings, SettingsError


def test_a_missing_variable_is_named() -> None:
    """So that whoever deploys can mend it."""
    with pytest.raises(SettingsError, match="LEANPIX_BUCKET"):
        _ = Settings({}).bucket


@pytest.mark.parametrize("text", ["x", "-1", "2", "29.5"])
def test_a_number_out_of_range_is_named(text: str) -> None:
    """With what would be right."""
    settings = Settings({EnvironmentName.INTEGRATION_TIMEOUT_SECONDS: text})
    with pytest.raises(SettingsError, match="whole number from 3 on"):
        _ = settings.integration_timeout_seconds


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("http://127.0.0.1:4566", True),
        ("https://sqs.eu-central-1.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
        ("", False),
    ],
)
def test_loopback_may_be_fetched_only_where_aws_itself_is_on_loopback(
    endpoint: str, *, allowed: bool
) -> None:
    """A variable set by mistake in a deployed stack does nothing."""
    environment = {EnvironmentName.FETCH_ALLOW_LOOPBACK: "1", "AWS_ENDPOINT_URL": endpoint}
    assert Settings(environment).may_fetch_loopback is allowed
