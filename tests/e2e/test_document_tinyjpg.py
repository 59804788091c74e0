"""Test by curl that every example of TinyJPG's document answers as it is printed there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api import Api
from tests.transcript import Transcript, shape

OPTIMIZE = r"""curl -X POST "https://www.tinyjpg.co/api/optimize" \
  -H "X-API-KEY: YOUR_API_KEY" \
  -F "image=@/path/to/image.jpg" \
  -F "quality=80"
"""
STATUS = r"""curl -X GET "https://www.tinyjpg.co/api/status/123" \
  -H "X-API-KEY: YOUR_API_KEY"
"""
USAGE = r"""curl -X GET "https://www.tinyjpg.co/api/v1/usage" \
  -H "X-API-KEY: YOUR_API_KEY"
"""
ACCEPTED = {
    "success": True,
    "message": "Image uploaded and queued for optimization",
    "data": {
        "image_id": 123,
        "original_url": "https://www.tinyjpg.co/direct-file/original/sample_filename.jpg",
        "optimized_url": "https://www.tinyjpg.co/direct-file/optimized/sample_filename.jpg",
        "status": "processing",
        "original_size": 2048576,
        "estimated_optimized_size": 1024288,
    },
}
COMPLETED = {
    "success": True,
    "data": {
        "image_id": 123,
        "status": "completed",
        "original_size": 2048576,
        "optimized_size": 1024288,
        "compression_ratio": 50.0,
        "processing_time": 2.34,
        "original_url": "https://www.tinyjpg.co/direct-file/original/sample_filename.jpg",
        "optimized_url": "https://www.tinyjpg.co/direct-file/optimized/sample_filename.jpg",
    },
}


@pytest.fixture
def transcript(api: Api, photo: bytes, tmp_path: Path) -> Transcript:
    """Return the transcript with a real photo as the document's file."""
    file = tmp_path / "image.jpg"
    file.write_bytes(photo)
    assert api.api_key
    return Transcript(api.url, api.api_key, file)


def test_image_optimization_and_its_status(transcript: Transcript, api: Api, photo: bytes) -> None:
    status, accepted = transcript.run(OPTIMIZE)
    assert (status, shape(accepted)) == (200, shape(ACCEPTED))
    assert accepted["data"]["original_size"] == len(photo)
    image_id = accepted["data"]["image_id"]
    api.completed(image_id)
    status, completed = transcript.run(STATUS.replace("123", str(image_id)))
    assert (status, shape(completed)) == (200, shape(COMPLETED))
    data = completed["data"]
    saved = (data["original_size"] - data["optimized_size"]) * 100 / data["original_size"]
    assert data["compression_ratio"] == pytest.approx(saved, abs=0.01)
    assert data["optimized_url"] == accepted["data"]["optimized_url"]
    assert len(Api(api.url).get(data["optimized_url"]).content) == data["optimized_size"]
    assert Api(api.url).get(data["original_url"]).content == photo


def test_usage_statistics(transcript: Transcript) -> None:
    status, usage = transcript.run(USAGE)
    assert (status, usage["success"]) == (200, True)
    assert set(usage["data"]) == {"current_month", "months", "types", "compression"}


def test_validation_error_response(transcript: Transcript) -> None:
    command = OPTIMIZE.replace('-F "image=@/path/to/image.jpg" \\\n  ', "")
    assert transcript.run(command.replace("quality=80", "quality=101")) == (
        422,
        {
            "success": False,
            "message": "Validation failed",
            "errors": {
                "image": ["The image field is required."],
                "quality": ["The quality must be between 1 and 100."],
            },
        },
    )


@pytest.mark.parametrize("key", ["", "unknown"])
def test_invalid_or_missing_key_is_401(transcript: Transcript, key: str) -> None:
    for command in (OPTIMIZE, STATUS, USAGE, USAGE.replace("usage", "stats")):
        status, body = transcript.run(command.replace("YOUR_API_KEY", key))
        assert (status, body["success"]) == (401, False)
        assert body["message"]


def test_remaining_quota_stands_in_stats(transcript: Transcript) -> None:
    status, stats = transcript.run(USAGE.replace("usage", "stats"))
    assert (status, stats["success"]) == (200, True)
    assert set(stats["data"]) == {"plan", "monthly_limit", "used", "remaining", "resets_at"}
