"""Test the interpolation of a rival's size at our score."""

from __future__ import annotations

import math

import pytest

from benchmarks.interpolation import Rung, bytes_at, climb, quality_at

LADDER = [Rung(60, 1000, 60.0), Rung(70, 2000, 70.0), Rung(80, 4000, 80.0)]


def test_log_bytes_are_linear_in_the_score_between_neighbours() -> None:
    assert bytes_at(LADDER, 75.0) == pytest.approx(math.sqrt(2000 * 4000))


def test_an_encode_at_that_very_score_counts_as_it_is() -> None:
    assert bytes_at(LADDER, 70.0) == pytest.approx(2000)


@pytest.mark.parametrize("score", [59.9, 80.1])
def test_nothing_is_told_beyond_what_was_encoded(score: float) -> None:
    assert bytes_at(LADDER, score) is None


def test_the_rivals_best_counts_where_scores_do_not_rise_with_quality() -> None:
    zigzag = [Rung(60, 1000, 70.0), Rung(70, 1500, 68.0), Rung(80, 2500, 75.0)]
    assert bytes_at(zigzag, 69.0) == pytest.approx(math.sqrt(1000 * 1500))


def test_the_quality_in_between_is_whole() -> None:
    assert quality_at(LADDER, 73.4) == 73
    assert quality_at(LADDER, 90) is None


def encode(quality: int) -> Rung:
    return Rung(quality, quality * 100, float(quality))


def test_a_whole_ladder_has_every_quality_and_one_near_the_score() -> None:
    assert [rung.quality for rung in climb((40, 60, 80), encode, 65, whole=True)] == [
        40,
        60,
        65,
        80,
    ]


def test_a_bisection_encodes_what_encloses_the_score_and_little_else() -> None:
    qualities = (40, 45, 50, 55, 60, 65, 70, 75, 80)
    made = climb(qualities, encode, 63, whole=False)
    assert {60, 63, 65} <= {rung.quality for rung in made}
    assert len(made) < len(qualities)
    assert bytes_at(made, 63) == pytest.approx(6300)
