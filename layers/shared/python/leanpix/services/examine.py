"""A first look at an upload, before it is worked on: what it is, and how small it should get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leanpix.domain.estimates import estimate_bytes
from leanpix.domain.submission import Input, Upload

if TYPE_CHECKING:
    from leanpix.domain.submission import Submission
    from leanpix.services.ports import Prober


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """A submission whose uploads carry their true content type, and their sizes in all."""

    submission: Submission
    original_bytes: int
    estimated_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamineService:
    """Looks at the headers of uploads; it decodes nothing."""

    prober: Prober

    def examine(self, submission: Submission) -> Examined:
        """Return what a look at the uploads tells. What is no image is left for the engine."""
        original_bytes = estimated_bytes = 0
        inputs: list[Input] = []
        for item in submission.inputs:
            if not isinstance(item, Upload):
                inputs.append(item)
                continue
            facts = self.prober.probe(item.data)
            original_bytes += len(item.data)
            estimated_bytes += estimate_bytes(len(item.data), facts, submission.options)
            inputs.append(replace(item, content_type=facts.content_type) if facts else item)
        return Examined(
            submission=replace(submission, inputs=tuple(inputs)),
            original_bytes=original_bytes,
            estimated_bytes=estimated_bytes,
        )
