"""Serve results: the bytes themselves where they fit an answer, else a link to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.contract import MAX_INLINE_RESPONSE_BYTES, MAX_OPEN_SECONDS, ErrorName
from leanpix.domain.errors import LeanpixError
from leanpix.domain.ids import made_at
from leanpix.domain.results import Download, DownloadRequest, failed_object_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from leanpix.domain.jobs import Image
    from leanpix.domain.results import StoredFile
    from leanpix.services.ports import Clock, Objects, Results


def mark_failed(objects: Objects, image: Image) -> None:
    """Store the mark that an image will never have a result, for as long as it could have come."""
    objects.write(
        failed_object_key(image.public_id),
        b"",
        content_type="application/octet-stream",
        expires_at=made_at(image.public_id) + MAX_OPEN_SECONDS,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultService:
    """The service that hands out files of the object store to anyone who knows the URL."""

    results: Results
    clock: Clock

    def download(self, request: DownloadRequest) -> Download:
        """Return a file, a part of it, or a link to it.

        A range that is not one plain range of bytes within the file is ignored, as RFC 9110 §14.2
        allows.

        Raises:
            LeanpixError: `IMAGE_NOT_FOUND` or `IMAGE_NOT_READY`.
        """
        key = request.object_key
        stored = self.results.describe(key) if key else None
        if key is None or stored is None or stored.expires_at <= self.clock.now():
            raise LeanpixError(
                ErrorName.IMAGE_NOT_READY if self._may_come(request) else ErrorName.IMAGE_NOT_FOUND
            )
        if _matches(request.if_none_match, stored.etag):
            return _describe(stored, is_unchanged=True)
        span = _find_span(request, stored)
        first, last = span or (0, stored.total_bytes - 1)
        if last - first >= MAX_INLINE_RESPONSE_BYTES:
            return _describe(stored, redirect_url=self.results.link(key, is_head=request.is_head))
        data = self.results.read_range(key, first, last)
        if data is None:  # it expired since it was described
            raise LeanpixError(ErrorName.IMAGE_NOT_FOUND)
        return _describe(
            stored,
            data=data,
            content_range=f"bytes {first}-{last}/{stored.total_bytes}" if span else None,
        )

    def _may_come(self, request: DownloadRequest) -> bool:
        pending = request.pending
        if pending is None or self.clock.now() >= pending.until:
            return False
        return self.results.describe(pending.failed_object_key) is None


def _find_span(request: DownloadRequest, stored: StoredFile) -> tuple[int, int] | None:
    """Return the first and the last byte of the wanted part, or None for the whole file."""
    # RFC 9110 §13.1.5: strong comparison. A date never matches, as no Last-Modified is sent.
    if request.is_head or request.if_range not in {"", stored.etag}:
        return None
    return _parse_range(request.byte_range, stored.total_bytes)


def _describe(
    stored: StoredFile,
    *,
    data: bytes = b"",
    content_range: str | None = None,
    is_unchanged: bool = False,
    redirect_url: str | None = None,
) -> Download:
    return Download(
        content_type=stored.content_type,
        etag=stored.etag,
        total_bytes=stored.total_bytes,
        expires_at=stored.expires_at,
        data=data,
        content_range=content_range,
        is_unchanged=is_unchanged,
        redirect_url=redirect_url,
    )


def _matches(if_none_match: str, etag: str) -> bool:
    candidates: Iterable[str] = (tag.strip() for tag in if_none_match.split(","))
    return any(tag == "*" or tag.removeprefix("W/") == etag for tag in candidates if tag)


def _parse_range(header: str, total_bytes: int) -> tuple[int, int] | None:
    found = re.fullmatch(r"bytes=(\d{0,15})-(\d{0,15})", header.strip(), re.ASCII)
    if not found or not any(found.groups()):
        return None
    start, end = found.groups()
    if not start:
        first, last = max(0, total_bytes - int(end)), total_bytes - 1
    else:
        first, last = int(start), min(int(end or total_bytes), total_bytes - 1)
    return (first, last) if first <= last else None
