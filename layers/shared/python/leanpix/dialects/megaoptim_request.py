"""MegaOptim's requests, read to the letter: every problem of a request is told at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from leanpix.contract import (
    DEFAULT_WAIT_SECONDS,
    MAX_DIMENSION_PIXELS,
    MAX_IMAGES_PER_JOB,
    MAX_URL_CHARACTERS,
    MAX_WAIT_SECONDS,
    MIN_WAIT_SECONDS,
    Api,
    ErrorName,
)
from leanpix.domain.errors import LeanpixError
from leanpix.domain.file_names import clean_file_name, name_from_url
from leanpix.domain.ids import JOB_ID_LIMIT
from leanpix.domain.jobs import Credentials
from leanpix.domain.options import Compression, ImageOptions, Operation
from leanpix.domain.submission import Link, Submission, Upload
from leanpix.forms import Form, parse_form

if TYPE_CHECKING:
    from leanpix.http import Request

COMPRESSION_NAMES: Final = {
    "high": Compression.HIGH,
    "ultra": Compression.HIGH,
    "medium": Compression.MEDIUM,
    "intelligent": Compression.MEDIUM,
    "lossless": Compression.LOSSLESS,
}
SOURCE_TYPES: Final = ("url", "file", "urls", "files")
_FLAGS: Final = {"": False, "0": False, "false": False, "1": True, "true": True}
_NUMBERED: Final = range(1, MAX_IMAGES_PER_JOB + 1)

_Value = TypeVar("_Value")


def parse_submission(request: Request, *, account_id: str, operation: Operation) -> Submission:
    """Return what a submit request asks for.

    Raises ``LeanpixError`` with every problem that the request has.
    """
    return _SubmissionReader(parse_form(request)).read(account_id, operation)


def parse_job_id(request: Request) -> int:
    """Return the job that a result request names; what is no id is no job."""
    text = request.path_parameters.get("process_id", "")
    if not (text.isascii() and text.isdecimal()) or int(text[:20]) >= JOB_ID_LIMIT:
        raise LeanpixError(ErrorName.JOB_NOT_FOUND)
    return int(text)


def parse_wait_seconds(request: Request) -> int:
    """Return how long a poll is to be held, clamped to what the document allows.

    Clients send 1, 75, 300 and ``?timeout300``; none of them is an error (RESOLUTIONS).
    """
    text = request.query.get("timeout") or _read_body_leniently(request).get("timeout", "")
    if not (text.isascii() and text.isdecimal()):
        return DEFAULT_WAIT_SECONDS
    return min(max(int(text[:9]), MIN_WAIT_SECONDS), MAX_WAIT_SECONDS)


def _read_body_leniently(request: Request) -> dict[str, str]:
    try:
        return dict(parse_form(request).fields)
    except LeanpixError:
        return {}


class _SubmissionReader:
    """Reads one form and gathers its problems."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.problems: list[str] = []

    def read(self, account_id: str, operation: Operation) -> Submission:
        inputs = self._read_inputs()
        options = self._read_options()
        callback_url = self._read_callback_url()
        if self.problems:
            raise LeanpixError(ErrorName.INVALID_REQUEST, problems=tuple(self.problems))
        return Submission(
            account_id=account_id,
            api=Api.MEGAOPTIM,
            operation=operation,
            options=options,
            inputs=inputs,
            callback_url=callback_url,
        )

    def _read_inputs(self) -> tuple[Upload | Link, ...]:
        kind = self._text("type")
        if kind == "url":
            return self._read_links(("url",))
        if kind == "urls":
            return self._read_links(tuple(f"url{number}" for number in _NUMBERED))
        if kind == "file":
            return self._read_uploads(("file",))
        if kind == "files":
            return self._read_uploads(tuple(f"file{number}" for number in _NUMBERED))
        self.problems.append(
            f"The type field is required and must be one of: {', '.join(SOURCE_TYPES)}."
        )
        return ()

    def _read_links(self, names: tuple[str, ...]) -> tuple[Link, ...]:
        credentials = self._read_credentials()
        links = []
        for name in names:
            url = self._text(name)
            if not url and name != names[0]:
                continue
            if self._check_url(name, url):
                links.append(Link(file_name=name_from_url(url), url=url, credentials=credentials))
        return tuple(links)

    def _read_uploads(self, names: tuple[str, ...]) -> tuple[Upload, ...]:
        uploads = []
        for name in names:
            file = self.form.files.get(name)
            if file is not None and file.data:
                uploads.append(Upload(file_name=clean_file_name(file.file_name), data=file.data))
            elif file is not None or name == names[0] or name in self.form.fields:
                self.problems.append(
                    f"The {name} field is required and must be an uploaded image file."
                )
        return tuple(uploads)

    def _read_credentials(self) -> Credentials | None:
        user, password = self._text("http_user"), self.form.fields.get("http_pass", "")
        if not user:
            return None
        if not password:
            self.problems.append("The http_pass field is required when http_user is set.")
            return None
        return Credentials(user=user, password=password)

    def _read_options(self) -> ImageOptions:
        return ImageOptions(
            compression=self._read_compression(),
            also_webp=self._read_flag("webp"),
            keep_exif=self._read_flag("keep_exif"),
            cmyk_to_rgb=self._read_flag("cmyktorgb"),
            max_width=self._read_pixels("max_width"),
            max_height=self._read_pixels("max_height"),
        )

    def _read_compression(self) -> Compression:
        text = self._text("compression").lower()
        if not text:
            return Compression.MEDIUM
        return self._look_up("compression", text, COMPRESSION_NAMES, Compression.MEDIUM)

    def _read_flag(self, name: str) -> bool:
        text = self._text(name).lower()
        value = _FLAGS.get(text)
        if value is None:
            self.problems.append(f"The {name} field must be 0 or 1.")
            return False
        return value

    def _read_pixels(self, name: str) -> int | None:
        text = self._text(name) or "0"
        is_whole = text.isascii() and text.isdecimal() and len(text) <= len(str(10**9))
        if not is_whole:
            self.problems.append(f"The {name} field must be a whole number of pixels, or 0.")
            return None
        # Larger than any image can be is the same as no limit, so it is not refused.
        return min(int(text), MAX_DIMENSION_PIXELS) or None

    def _read_callback_url(self) -> str | None:
        url = self._text("callback_url")
        if url and not self._check_url("callback_url", url):
            return None
        return url or None

    def _check_url(self, name: str, url: str) -> bool:
        if _is_usable_url(url):
            return True
        self.problems.append(
            f"The {name} field is required and must be a valid http or https URL."
        )
        return False

    def _look_up(self, name: str, text: str, values: dict[str, _Value], default: _Value) -> _Value:
        if text not in values:
            self.problems.append(f"The {name} field must be one of: {', '.join(values)}.")
        return values.get(text, default)

    def _text(self, name: str) -> str:
        return self.form.fields.get(name, "").strip()


def _is_usable_url(url: str) -> bool:
    """Return whether a URL can be fetched at all. Whether it may be is the fetcher's to say."""
    if not url or len(url) > MAX_URL_CHARACTERS or any(ord(c) <= ord(" ") for c in url):
        return False
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - raises where the port is no number or out of range
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)
