"""Test that levels and qualities map to one perceptual scale."""

import itertools

from leanpix_engine import Level, Options
from leanpix_engine.search.targets import goal_of, score_of_quality


def test_medium_aims_at_77_and_high_at_65() -> None:
    assert goal_of(Options(level=Level.MEDIUM)) == 77
    assert goal_of(Options(level=Level.HIGH)) == 65


def test_lossless_has_no_goal() -> None:
    assert goal_of(Options(level=Level.LOSSLESS)) is None


def test_a_quality_takes_the_place_of_the_level() -> None:
    assert goal_of(Options(level=Level.LOSSLESS, quality=80)) == score_of_quality(80)


def test_quality_80_means_about_what_medium_means() -> None:
    assert abs(score_of_quality(80) - 77) < 1


def test_a_higher_quality_never_aims_lower() -> None:
    scores = [score_of_quality(quality) for quality in range(1, 101)]
    assert all(low < high for low, high in itertools.pairwise(scores))
