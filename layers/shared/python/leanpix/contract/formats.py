"""The image formats, by the names that both APIs use. The engine's registry has the same names."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFormat:
    """The facts of a format that the service needs without its engine."""

    name: str
    """Its name in requests, results, records and metrics, and its usual file extension."""
    title: str
    """Its name in texts."""
    content_type: str
    extensions: tuple[str, ...]
    """The file extensions that it goes by, in lower case without a dot."""
    is_target: bool = False
    """Whether an image can be converted to it."""
    is_vector: bool = False
    """Whether it has shapes rather than pixels."""


FORMATS: Final[Mapping[str, ImageFormat]] = MappingProxyType(
    {
        row.name: row
        for row in (
            ImageFormat(
                name="jpg",
                title="JPEG",
                content_type="image/jpeg",
                extensions=("jpg", "jpeg", "jpe", "jfif"),
            ),
            ImageFormat(
                name="png", title="PNG", content_type="image/png", extensions=("png", "apng")
            ),
            ImageFormat(name="gif", title="GIF", content_type="image/gif", extensions=("gif",)),
            ImageFormat(
                name="webp",
                title="WebP",
                content_type="image/webp",
                extensions=("webp",),
                is_target=True,
            ),
            ImageFormat(
                name="avif",
                title="AVIF",
                content_type="image/avif",
                extensions=("avif",),
                is_target=True,
            ),
            ImageFormat(
                name="svg",
                title="SVG",
                content_type="image/svg+xml",
                extensions=("svg",),
                is_vector=True,
            ),
        )
    }
)
PHOTO_FORMATS: Final[Mapping[str, ImageFormat]] = MappingProxyType(
    {name: row for name, row in FORMATS.items() if not row.is_vector}
)
"""The formats that have pixels, which are those that TinyJPG's API takes."""
WEBP: Final = FORMATS["webp"]
"""The format of the file that `webp=1` adds to a result."""
TARGET_FORMATS: Final = tuple(row for row in FORMATS.values() if row.is_target)
"""The formats that an image can be converted to."""
UNKNOWN_FORMAT: Final = "unknown"
"""The format of a file that could not be told."""


def format_by_name(file_name: str) -> str:
    """Return the format that a file's extension names, or `unknown` for any other extension."""
    extension = file_name.rpartition(".")[2].lower() if "." in file_name else ""
    return _BY_EXTENSION.get(extension, UNKNOWN_FORMAT)


_BY_EXTENSION: Final = {
    extension: row.name for row in FORMATS.values() for extension in row.extensions
}
