"""List the images of a folder, grouped by what they show."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from leanpix_engine import Format, Refused, probe
from leanpix_engine.formats.sniff import sniff


class Group(StrEnum):
    """The kind of an image; the value is the name of its subfolder."""

    PHOTOS = "photos"
    BIG_PHOTOS = "bigphotos"
    GRAPHICS = "graphics"
    ANIMATIONS = "anim"
    ODD = "odd"
    HOSTILE = "hostile"
    MEMORY = "memory"
    """Large photos that are made to measure memory with."""


_BIG_MEGAPIXELS = 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file of the folder."""

    path: Path
    group: Group
    format: Format | None
    """None where it is no image that we know."""
    megapixels: float
    """Of all frames together; 0 where the headers are refused."""
    animated: bool = False

    @property
    def name(self) -> str:
        """The group and the file's name."""
        return f"{self.group.value}/{self.path.name}"

    @property
    def is_photo(self) -> bool:
        """Whether it is a JPEG among the photos."""
        photos = (Group.PHOTOS, Group.BIG_PHOTOS)
        return self.group in photos and self.format is Format.JPEG and self.megapixels > 0

    @property
    def is_graphic(self) -> bool:
        """Whether it is a still PNG among the graphics."""
        is_still_png = self.format is Format.PNG and not self.animated
        return self.group is Group.GRAPHICS and is_still_png and self.megapixels > 0

    @property
    def is_animation(self) -> bool:
        """Whether it is an animation among the animations."""
        return self.group is Group.ANIMATIONS and self.animated


def find(folder: Path) -> list[Item]:
    """Return all files of `folder`, sorted, without hidden files and tables of contents."""
    skipped = {".tsv", ".md", ".txt", ".json", ".csv"}
    return [
        _item(path, folder)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix not in skipped and not path.name.startswith(".")
    ]


def _item(path: Path, folder: Path) -> Item:
    data = path.read_bytes()
    try:
        kind: Format | None = sniff(data)
    except Refused:
        kind = None
    try:
        facts = probe(data)
        megapixels = facts.width * facts.height * facts.frames / 1e6
        animated = facts.animated
    except Refused:
        megapixels, animated = 0.0, False
    inside = path.relative_to(folder).parts[0]
    group = (
        Group(inside)
        if inside in list(Group)
        else _group_by_type(kind, megapixels, animated=animated)
    )
    return Item(path=path, group=group, format=kind, megapixels=megapixels, animated=animated)


def _group_by_type(kind: Format | None, megapixels: float, *, animated: bool) -> Group:
    if megapixels == 0:
        return Group.ODD
    if animated or kind is Format.GIF:
        return Group.ANIMATIONS
    if kind is Format.JPEG:
        return Group.BIG_PHOTOS if megapixels >= _BIG_MEGAPIXELS else Group.PHOTOS
    return Group.GRAPHICS if kind is Format.PNG else Group.ODD
