"""What the routes answer that hand files out: the same in both APIs."""

from __future__ import annotations

from typing import Final

from leanpix.dialects.operations import IMAGE_TYPE, Answer

_FILE_HEADERS: Final = {
    "ETag": "Names the file's content; sent back in If-None-Match it saves the transfer.",
    "Cache-Control": "For how long the file is kept.",
    "Accept-Ranges": "bytes: parts of the file can be asked for.",
}

DOWNLOAD_ANSWERS: Final = (
    Answer(status=200, text="The file.", media_type=IMAGE_TYPE, headers=_FILE_HEADERS),
    Answer(
        status=206,
        text="The part of the file that Range asked for.",
        media_type=IMAGE_TYPE,
        headers={**_FILE_HEADERS, "Content-Range": "Which part it is."},
    ),
    Answer(
        status=302,
        text="The file is too large to be carried here and is to be had at Location.",
        headers={"Location": "Good for 15 minutes."},
    ),
    Answer(status=304, text="The file is what If-None-Match names.", headers=_FILE_HEADERS),
)
