"""A setting that cannot be right is refused in one line that names it."""

from __future__ import annotations

import pytest

from infra.settings import Flavour, SettingError, Settings


def test_settings_have_defaults_that_are_valid() -> None:
    settings = Settings.from_context({})
    assert settings.stage == "dev"
    assert settings.integration_timeout_seconds == 29
    assert settings.flavour is Flavour.ARM64


def test_text_of_a_command_line_and_numbers_of_a_file_are_both_read() -> None:
    context = {"retention_days": "14", "max_concurrency": 5, "flavour": "host"}
    settings = Settings.from_context(context)
    assert (settings.retention_days, settings.max_concurrency) == (14, 5)
    assert settings.flavour is Flavour.HOST


def test_keys_of_the_cdk_are_left_alone() -> None:
    context = {"@aws-cdk/aws-iam:minimizePolicies": True, "aws:cdk:bundling-stacks": ["*"]}
    assert Settings.from_context(context) == Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stage", "PROD"),
        ("stage", ""),
        ("stage", "a-b"),
        ("site_url", "leanpix.example"),
        ("site_url", ""),
        ("site_url", "https://leanpix.example/"),
        ("site_url", "https://leanpix.example/$context.identity"),
        ("base_url", "ftp://leanpix.example"),
        ("integration_timeout_seconds", "301"),
        ("integration_timeout_seconds", "9"),
        ("integration_timeout_seconds", "29.5"),
        ("optimizer_memory_megabytes", "128"),
        ("optimizer_timeout_seconds", "901"),
        ("max_concurrency", "1"),
        ("retention_days", "0"),
        ("retention_days", True),
        ("log_retention_days", "31"),
        ("flavour", "x86"),
        ("retention_dyas", "7"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_context({name: value})
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)
