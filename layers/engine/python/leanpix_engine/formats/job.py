"""One image with what its headers say, what is wanted of it, and how much it may still lose."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from leanpix_engine.format import Format
from leanpix_engine.formats.history.loss import LEAN_ABOVE, PRISTINE, goal_after
from leanpix_engine.formats.history.mark import MOST_MARK_BYTES, Mark
from leanpix_engine.limits import Deadline, Limits
from leanpix_engine.model import Metadata, Options, Probe
from leanpix_engine.picture.geometry import Geometry, geometry_of
from leanpix_engine.search.targets import VISUALLY_LOSSLESS, goal_of

_CMYK_CHANNELS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One image, what its headers say, and what is wanted of it."""

    source: bytes
    facts: Probe
    options: Options
    limits: Limits
    deadline: Deadline
    shrink: int
    """The factor by which its picture is decoded smaller than stored."""
    mark: Mark | None
    """The mark that we made on the source, where it is our output and was not changed since."""
    source_score: float = PRISTINE
    """The source's own score against its original, as far as its mark or its coding tell."""
    has_private_metadata: bool = False
    """True where metadata has to go, however little that saves; read once, from the whole file."""
    is_transparent: bool | None = None
    """True where a pixel is not opaque; None before it was decoded."""

    @property
    def kind(self) -> Format:
        """The format of the output."""
        return self.options.target_format or self.facts.format

    def for_kind(self, kind: Format) -> Job:
        """Return the same job for one format of several."""
        if kind is self.kind and not self.options.smallest_of:
            return self
        options = replace(self.options, target_format=kind, smallest_of=(), also=())
        return replace(self, options=options)

    @property
    def most_bytes(self) -> float:
        """The bytes that a file may have before the mark comes into it."""
        most = self.options.max_bytes
        return math.inf if most is None else most - (MOST_MARK_BYTES if self.options.mark else 0)

    @property
    def carries_metadata(self) -> bool:
        """True where the output may have metadata that another request wants gone."""
        return bool(self.options.keep - {Metadata.ICC})

    @property
    def keeps_format(self) -> bool:
        """True where the output has the source's format."""
        return self.kind is self.facts.format

    @property
    def geometry(self) -> Geometry:
        """The sizes that the image gets."""
        return geometry_of(self.facts.width, self.facts.height, self.options)

    @property
    def resizes(self) -> bool:
        """True where the size asked for is another than the source's."""
        return self.geometry.size != (self.facts.width, self.facts.height)

    @property
    def fills(self) -> bool:
        """True where a background is laid under transparency."""
        transparent = self.facts.alpha if self.is_transparent is None else self.is_transparent
        return self.options.background is not None and transparent

    @property
    def must_change(self) -> bool:
        """True where the source itself would not be what was asked for, whatever it costs."""
        converts_cmyk = self.options.cmyk_to_rgb and self.facts.channels == _CMYK_CHANNELS
        return self.resizes or self.fills or converts_cmyk

    @property
    def is_given_anyway(self) -> bool:
        """True where a file of the format is wanted even if it is larger than another."""
        return self.options.always_convert or self.kind.traits.opens_anywhere

    @property
    def must_convert(self) -> bool:
        """True where a file of another format is wanted even if it is larger than the source."""
        return self.is_given_anyway and not self.keeps_format

    @property
    def may_stay(self) -> bool:
        """True where the untouched source would do as an answer."""
        formats = self.options.smallest_of or (self.kind,)
        return self.facts.format in formats and not self.must_change

    @property
    def keeps_gain_map(self) -> bool:
        """True for an HDR photo that stays one: its base image must not change under the map."""
        return self.facts.gain_map and self.keeps_format and not self.must_change

    @property
    def goal(self) -> float | None:
        """The score to reach; None where every pixel has to stay as it is."""
        if self.keeps_gain_map:
            return None
        goal = goal_of(self.options)
        if goal is None:
            needs_loss = self.must_change and self.kind.traits.is_lossy_only
            return VISUALLY_LOSSLESS if needs_loss else None
        left = goal_after(goal, self.source_score, scale=self.scale, same_coding=self.keeps_format)
        if left <= max(goal, LEAN_ABOVE):
            return left
        return None if self.keeps_format and not self.must_change else VISUALLY_LOSSLESS

    @property
    def scale(self) -> float:
        """The share of its width that the image keeps, before a part of it is cut out."""
        return self.geometry.scaled[0] / self.facts.width

    @property
    def is_lean(self) -> bool:
        """True where the source has lost so much that less may be lost than was asked for."""
        return goal_of(self.options) is not None and self.source_score < PRISTINE

    @property
    def is_made_already(self) -> bool:
        """True where the source is our own output for this request, or for a gentler one."""
        options = self.options
        if self.mark is None or options.assume_pristine or options.smallest_of:
            return False
        if len(self.source) > (options.max_bytes or len(self.source)):
            return False
        keeps = options.keeps_all_metadata
        is_served = self.mark.serves(goal_of(options), keeps_metadata=keeps)
        return is_served and self.keeps_format and not self.must_change
