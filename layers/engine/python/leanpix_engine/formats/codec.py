"""The face of a codec, of which each format has one, and the task that it is given.

To the pipeline a codec is four functions:

* `decode` reads a file of the format into a `Picture`, strictly: damage is refused.
* `shown` does the same as common viewers do; most codecs have one function for both.
* `lossless` yields `Candidate`s without a quality (`quality=None`): files whose pixels equal those
  of `task.picture`. Where `task.source` is not None it is the untouched source file in this very
  format, with exactly the pixels, orientation and profile of `task.picture`, and may be rewritten
  instead of encoded anew. `task.smallest` is the size of the best lossy candidate so far: what
  cannot beat it need not be made.
* `source_score` estimates how much the source has lost already.
* `ladders` yields `Ladder`s: lossy ways to encode `task.picture`, each with one quality to turn.
  The pipeline searches each for the goal, and hands what was found to the next one's `worth`.

Candidates carry no metadata but what `task.picture` has (`icc`, `exif`, `xmp`). A codec does not
verify, compare sizes or pick: the pipeline tries all candidates, smallest first, proves each by
decoding it (`judge/judge.py`) and keeps the first that holds. A codec yields no candidate that it
cannot make.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from leanpix_engine.limits import Deadline, Limits
from leanpix_engine.model import CropMethod, Level, Options, Probe
from leanpix_engine.picture.geometry import geometry_of
from leanpix_engine.picture.picture import Picture
from leanpix_engine.picture.resize import shrink_while_decoding
from leanpix_engine.search.ladder import Candidate, Ladder


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A picture to encode, and the bounds to keep."""

    picture: Picture
    source: bytes | None
    facts: Probe
    """Of the source, which may have another format."""
    options: Options
    limits: Limits
    deadline: Deadline
    smallest: int | None = None
    """Bytes of the smallest lossy candidate that reaches the goal; None where there is none."""


class Codec(Protocol):
    """The functions of each format's `codec` module."""

    def decode(self, source: bytes, limits: Limits, shrink: int = 1) -> Picture:
        """Decode all frames of a file, as stored; `orientation` says how to turn them.

        Args:
            source: the file.
            limits: the bounds on what it may cost.
            shrink: how many times smaller than stored; above 1 only where the format's row says
                that it `shrinks_while_decoding`.

        Raises:
            Refused: damage, or a feature that is not supported.
        """

    def shown(self, source: bytes, limits: Limits) -> Picture:
        """Decode a file that was made here as common viewers show it, which it is judged by."""

    def lossless(self, task: Task) -> Iterator[Candidate]:
        """Yield files with every pixel as it is."""

    def ladders(self, task: Task, goal: float) -> Iterator[Ladder]:
        """Yield lossy ways to encode, the most promising first; `goal` is the score to reach."""

    def source_score(self, source: bytes, picture: Picture) -> float:
        """Return the estimated SSIMULACRA2 of a file against its original, which nobody has.

        `picture` is what the file decodes to, not turned or resized. 100 where no loss shows.
        """


def effort_within(
    seconds_per_megapixel: Mapping[int, float], megapixels: float, seconds: float
) -> int:
    """Return the first effort of a table that is done in time, or else its last."""
    for effort, cost in seconds_per_megapixel.items():
        if cost * megapixels <= seconds:
            return effort
    return effort


def shrink_of(facts: Probe, options: Options) -> int:
    """Return how many times smaller to decode a photo that is resized to much less.

    Decoding and resizing 12 megapixels to 0.2 takes 0.04 s instead of 0.10; a thumbnail of 24 has
    a peak of 65 MB instead of 142.
    """
    still = facts.frames == 1 and not facts.alpha
    can = facts.format.traits.shrinks_while_decoding and still
    needs_all = options.crop is not None and options.crop.method is CropMethod.THUMB
    if not can or needs_all or options.level is Level.LOSSLESS:
        return 1
    scaled = geometry_of(facts.width, facts.height, options).scaled
    return shrink_while_decoding(facts.width, facts.height, scaled)
