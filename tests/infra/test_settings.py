"""Test that a wrong setting is refused in one line that names it."""

from __future__ import annotations

import pytest

from infra.setting_fields import Flavour, Rollout
from infra.settings import SettingError, Settings
from infra.settings_table import PAGE, render_page


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
        ("domain_name", "Api.example.org"),
        ("domain_name", "api.example.org"),
        ("certificate_arn", "arn:aws:acm:x:1:certificate/2"),
        ("keep_data", "perhaps"),
        ("rollout", "blue"),
        ("alarm_email", "nobody"),
        ("monthly_budget_dollars", "5"),
        ("tags", "owner"),
        ("light_memory_megabytes", "128"),
        ("flavour", "x86"),
        ("retention_dyas", "7"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_context({name: value})
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("retention_days", "0", "setting retention_days='0': must be between 1 and 365 ("),
        ("retention_days", "a", "setting retention_days='a': must be a whole number between 1 "),
        ("keep_data", "perhaps", "setting keep_data='perhaps': must be true or false"),
        ("rollout", "blue", "setting rollout='blue': must be at_once or canary"),
        ("alarm_email", "me", "setting alarm_email='me': must be an e-mail address"),
        ("retention_dyas", "7", "no such setting: retention_dyas. There are: stage, site_url, "),
        ("monthly_budget_dollars", 5, "setting monthly_budget_dollars: needs alarm_email, "),
    ],
)
def test_the_line_says_what_would_be_right_in_our_own_words(
    name: str, value: object, line: str
) -> None:
    with pytest.raises(SettingError) as refused:
        Settings.from_context({name: value})
    assert str(refused.value).startswith(line)
    assert "pydantic" not in str(refused.value)


def test_production_keeps_its_data_and_takes_new_versions_carefully() -> None:
    settings = Settings.from_context({"stage": "prod"})
    assert settings.keep_data
    assert settings.rollout is Rollout.CANARY
    assert settings.log_retention_days == 90


def test_a_stage_default_can_be_set_otherwise() -> None:
    settings = Settings.from_context({"stage": "prod", "rollout": "at_once", "keep_data": "false"})
    assert settings.rollout is Rollout.AT_ONCE
    assert not settings.keep_data


def test_the_reference_holds_every_setting_with_its_default_and_range() -> None:
    """Made by `python -m infra.settings_table --write`."""
    assert PAGE.read_text(encoding="utf-8") == render_page()
    for name in Settings.model_fields:
        assert f"| `{name}` |" in render_page()
