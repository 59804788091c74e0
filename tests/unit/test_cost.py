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
from leanpix_cli.cost import APIS, render_levers, render_table
from leanpix_cli.cost_model import OPTIMIZER_MEGABYTES, SECONDS_PER_MEGAPIXEL, Use, cost_per_image

ROOT = Path(__file__).resolve().parent.parent.parent
RUN = CliRunner()


def dollars(**use: object) -> float:
    return 1_000 * sum(cost_per_image(Use(**use)).values())  # type: ignore[arg-type]  # fields of Use by name


def test_the_page_has_the_tables_that_the_formula_gives() -> None:
    page = (ROOT / "docs" / "cost.md").read_text(encoding="utf-8")
    assert render_table() in page
    assert render_levers() in page


def test_a_thousand_photos_cost_at_most_six_and_a_half_cents_within_the_free_part() -> None:
    assert dollars() <= 0.065
    assert dollars(is_within_free=False) <= 0.102


def test_without_a_front_door_downloads_cost_what_they_did() -> None:
    bare = cost_per_image(Use(has_front_door=False))
    assert bare["transfer out"] == pytest.approx(0.09 * 400_000 / 1e9)
    assert dollars(has_front_door=False) > dollars(is_within_free=False)


def test_every_call_of_tinyjpgs_asks_the_authorizer() -> None:
    """It has no identity source, under which an answer could be kept."""
    few, many = (dollars(api="tinyjpg", polls=polls) for polls in (0, 100))
    each = (many - few) / 100 / 1_000
    assert each > 3.5e-6 + 2 * 0.2e-6


def test_the_formula_assumes_the_deploy_settings_defaults() -> None:
    settings = Settings()
    assert settings.optimizer_memory_megabytes == OPTIMIZER_MEGABYTES
    assert settings.light_memory_megabytes == Use().light_megabytes
    assert settings.result_memory_megabytes == Use().result_megabytes
    assert settings.front_door is Use().has_front_door
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
