"""Records of what was measured, one for each encode, and the file that keeps them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Final

LEANPIX: Final = "leanpix"
_ALL_THERE: Final = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One encode of one image."""

    image: str
    group: str
    source_format: str | None
    megapixels: float
    source_bytes: int
    codec: str
    setting: str
    """Of the codec: a level, "default", or a quality as "q80"."""
    format: str
    bytes: int = 0
    score: float | None = None
    """SSIMULACRA2 by `judge.py`; None where it could not be scored."""
    pypi_score: float | None = None
    """The same by PyPI's implementation, where asked for."""
    identical: bool | None = None
    """Whether all pixels are the same; only known of lossless encodes."""
    cpu_seconds: float = 0.0
    peak_megabytes: float = 0.0
    kept: str | None = None
    """Why our engine left the source as it is."""
    refused: str | None = None
    problem: str | None = None
    """What must never happen: an output that is larger, broken, of another shape."""
    is_rung: bool = False
    """One of a ladder of qualities, encoded to be interpolated."""

    @property
    def done(self) -> bool:
        """Whether there is an output to compare."""
        return self.bytes > 0 and self.problem is None and self.score is not None

    @property
    def quality(self) -> int:
        """The quality of a rung."""
        return int(self.setting.removeprefix("q"))

    @property
    def is_lossy(self) -> bool:
        """Whether it is an output of ours whose pixels changed."""
        changed = self.score is not None and self.score < _ALL_THERE
        return self.done and self.codec == LEANPIX and changed


def select(records: Sequence[Record], **wanted: object) -> list[Record]:
    """Return the records whose fields have these values."""
    return [
        record
        for record in records
        if all(getattr(record, name) == value for name, value in wanted.items())
    ]


def by_image(records: Sequence[Record]) -> dict[str, Record]:
    """Return one record for each image."""
    return {record.image: record for record in records}


def pairs(
    ours: Sequence[Record], theirs: Sequence[Record], value: Callable[[Record], float]
) -> list[tuple[float, float]]:
    """Return both values for each image that both have."""
    others = by_image(theirs)
    return [
        (value(record), value(others[record.image])) for record in ours if record.image in others
    ]


def write(path: Path, about: dict[str, Any], records: Sequence[Record]) -> None:
    """Write everything as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"about": about, "records": [_plain(record) for record in records]}
    path.write_text(json.dumps(content, indent=1) + "\n", "utf-8")


def read(path: Path) -> tuple[dict[str, Any], list[Record]]:
    """Return what `write` wrote."""
    content = json.loads(path.read_text("utf-8"))
    return content["about"], [Record(**record) for record in content["records"]]


def _plain(record: Record) -> dict[str, Any]:
    """Return the fields without empty ones and without infinities, which JSON does not know."""
    defaults = {one.name: one.default for one in fields(Record)}
    plain = {name: value for name, value in asdict(record).items() if value != defaults[name]}
    if not math.isfinite(plain.get("score") or 0.0):
        del plain["score"]
    return {
        name: round(value, 4) if isinstance(value, float) else value
        for name, value in plain.items()
    }
