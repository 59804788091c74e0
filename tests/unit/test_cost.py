"""Test that the cost in the documents is what the command computes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from infra.settings import Settings
from leanpix_cli.commands import app
from leanpix_cli.cost import APIS, render_table
from leanpix_cli.cost_model import OPTIMIZER_MEGABYTES, SECONDS_PER_MEGAPIXEL, Use, cost_per_image

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = CliRunner()


def dollars(**use: object) -> float:
    return 1_000 * sum(cost_per_image(Use(**use)).values())  # type: ignore[arg-type]  # fields of Use by name


def test_the_page_has_the_table_that_the_formula_gives() -> None:
    assert render_table() in (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")


def test_the_formula_assumes_the_deploy_settings_defaults() -> None:
    settings = Settings()
    assert settings.optimizer_memory_megabytes == OPTIMIZER_MEGABYTES
    assert settings.light_memory_megabytes == Use().light_megabytes
    assert settings.submit_memory_megabytes == Use().submit_megabytes
    assert settings.retention_days == Use().retention_days


def test_the_command_answers_in_json_with_parts_that_add_up() -> None:
    answer = json.loads(RUN.invoke(app, ["cost", "--megapixels", "2", "--json"]).stdout)
    assert answer["dollars"] == pytest.approx(sum(answer["parts"].values()), abs=1e-3)
    assert answer["dollars"] == pytest.approx(dollars(), abs=1e-3)


def test_the_command_prints_a_table() -> None:
    answer = RUN.invoke(app, ["cost", "--api", "tinyjpg", "--format", "png"])
    assert answer.exit_code == 0
    assert "optimizing" in answer.stdout


@given(
    megapixels=st.floats(0.1, 100),
    api=st.sampled_from(APIS),
    kind=st.sampled_from(list(SECONDS_PER_MEGAPIXEL)),
)
def test_a_larger_image_costs_more_and_a_smaller_result_less(
    megapixels: float, api: str, kind: tuple[str, str]
) -> None:
    use = {"api": api, "format": kind[0], "level": kind[1]}
    assert dollars(**use, megapixels=megapixels) < dollars(**use, megapixels=megapixels * 1.5)
    assert dollars(**use, saved_share=0.8) < dollars(**use, saved_share=0.2)


def test_more_than_one_cpu_costs_more_and_is_no_faster() -> None:
    assert Use(optimizer_megabytes=3_538).optimizer_seconds == pytest.approx(
        Use(optimizer_megabytes=1_769).optimizer_seconds
    )
    assert dollars(optimizer_megabytes=3_538) > dollars(optimizer_megabytes=1_769)
