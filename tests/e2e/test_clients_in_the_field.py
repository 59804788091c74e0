"""Test the habits of real clients that no document describes."""

from __future__ import annotations

import http.client
import time
from base64 import b64encode
from urllib.parse import quote, unquote, urlsplit

import pytest

from tests.api import Api, Site
from tests.raw_http import RawAnswer, chunked, exchange, multipart

FORM = b"multipart/form-data; boundary=b"
TYPE_FILE = (b'Content-Disposition: form-data; name="type"', b"file")


def post(
    api: Api,
    body: bytes,
    *,
    path: str = "/v1/optimize",
    content_type: bytes = FORM,
    version: bytes = b"1.1",
) -> RawAnswer:
    """POST these very bytes."""
    head = (
        b"POST %s HTTP/%s\r\nHost: localhost\r\nX-API-KEY: %s\r\nContent-Type: %s\r\n"
        b"Content-Length: %d\r\nConnection: close"
        % (path.encode(), version, _key(api), content_type, len(body))
    )
    return exchange(api.url, head, body)


def file_part(photo: bytes, *, name: bytes = b"photo.jpg", more: bytes = b"") -> bytes:
    """Return a submit's body with a photo."""
    head = b'Content-Disposition: form-data; name="file"; filename="%s"%s' % (name, more)
    return multipart([TYPE_FILE, (head, photo)])


def _key(api: Api) -> bytes:
    assert api.api_key
    return api.api_key.encode()


def process_id_of(answer: RawAnswer) -> int:
    """Return the id of an accepted job."""
    assert answer.status == 202, answer.body
    return int(answer.body.rpartition(b":")[2].rstrip(b"}"))


def test_a_url_is_submitted_as_multipart(api: Api, site: Site, photo: bytes) -> None:
    site.pages["/a.jpg"] = photo
    url = f"{site.url}/a.jpg".encode()
    fields = [(b"type", b"url"), (b"url", url), (b"max_width", b"0")]
    parts = [(b'Content-Disposition: form-data; name="%s"' % name, text) for name, text in fields]
    (result,) = api.wait(process_id_of(post(api, multipart(parts))))["result"]
    assert result["success"] is True


@pytest.mark.parametrize("more", [b"", b"\r\nContent-Type: application/octet-stream"])
def test_a_part_says_nothing_or_little_of_its_type(api: Api, photo: bytes, more: bytes) -> None:
    (result,) = api.wait(process_id_of(post(api, file_part(photo, more=more))))["result"]
    assert (result["success"], result["format"]) == (True, "jpg")


def test_a_part_says_the_wrong_type(api: Api, photo: bytes) -> None:
    more = b"\r\nContent-Type: image/png"
    (result,) = api.wait(process_id_of(post(api, file_part(photo, more=more))))["result"]
    assert (result["success"], result["format"]) == (True, "jpg")
    assert Api(api.url).get(result["url"]).headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("/var/www/uploads/2026/photo.jpg", "photo.jpg"),
        ("C:\\Users\\ada\\photo.jpg", "photo.jpg"),
        ("größe 写真.jpg", "größe 写真.jpg"),
        ("../../etc/passwd", "passwd"),
    ],
)
def test_a_file_name_is_a_whole_path_or_not_ascii(
    api: Api, photo: bytes, sent: str, kept: str
) -> None:
    body = file_part(photo, name=sent.replace("\\", "\\\\").encode())
    (result,) = api.wait(process_id_of(post(api, body)))["result"]
    assert result["file_name"] == kept
    path = urlsplit(result["url"]).path
    assert path.isascii()
    assert unquote(path.rpartition("/")[2]) == kept
    assert path.endswith(quote(kept, safe=""))
    assert Api(api.url).get(result["url"]).status_code == 200


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"", b""),
        (b"application/x-www-form-urlencoded", b"timeout=75"),
        (b"application/x-www-form-urlencoded", b""),
        (FORM, b"--b--\r\n"),
        (FORM, b"--b--"),
        (b"application/json", b"{}"),
        (b"text/plain", b"\xff\xfe what"),
    ],
)
def test_a_poll_has_any_body_or_none(
    api: Api, photo: bytes, content_type: bytes, body: bytes
) -> None:
    process_id = api.submit({"type": "file"}, {"file": ("a.jpg", photo)})
    path = f"/v1/optimize/{process_id}/result"
    assert post(api, body, path=path, content_type=content_type).status == 200


@pytest.mark.parametrize(
    "query", ["?timeout300", "?timeout=300", "?timeout=1", "?timeout=", "?timeout=soon", "?x=1"]
)
def test_a_polls_timeout_is_anything(api: Api, photo: bytes, query: str) -> None:
    process_id = api.submit({"type": "file"}, {"file": ("a.jpg", photo)})
    assert api.post(f"/v1/optimize/{process_id}/result{query}").status_code == 200


def test_a_body_comes_in_chunks_after_100_continue(api: Api, photo: bytes) -> None:
    head = (
        b"POST /v1/optimize HTTP/1.1\r\nHost: localhost\r\nX-API-KEY: %s\r\nContent-Type: %s\r\n"
        b"Transfer-Encoding: chunked\r\nExpect: 100-continue\r\nConnection: close"
        % (_key(api), FORM)
    )
    answer = exchange(api.url, head, chunked(file_part(photo)), expects=True)
    assert answer.interim.startswith(b"HTTP/1.1 100 ")
    (result,) = api.wait(process_id_of(answer))["result"]
    assert result["original_size"] == len(photo)


def test_a_client_speaks_http_1_0(api: Api, photo: bytes) -> None:
    answer = post(api, file_part(photo), version=b"1.0")
    (result,) = api.wait(process_id_of(answer))["result"]
    path = urlsplit(result["url"]).path.encode()
    download = exchange(api.url, b"GET %s HTTP/1.0" % path)
    assert (download.status, len(download.body)) == (200, result["optimized_size"])


def test_header_names_are_in_lower_case(api: Api, photo: bytes) -> None:
    body = file_part(photo)
    head = (
        b"POST /v1/optimize HTTP/1.1\r\nhost: localhost\r\nx-api-key: %s\r\ncontent-type: %s\r\n"
        b"content-length: %d\r\nconnection: close" % (_key(api), FORM, len(body))
    )
    assert exchange(api.url, head, body).status == 202


def test_a_client_polls_once_and_follows_no_redirect(api: Api, photo: bytes) -> None:
    """The one poll is held until the result is there, and the URL gives the bytes themselves."""
    process_id = api.submit({"type": "file"}, {"file": ("a.jpg", photo)})
    (result,) = api.post(f"/v1/optimize/{process_id}/result").json()["result"]
    parts = urlsplit(result["url"])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.request("GET", parts.path)
    answer = connection.getresponse()
    assert (answer.status, len(answer.read())) == (200, result["optimized_size"])
    connection.close()


@pytest.mark.parametrize("accept", ["application/json", "text/html", "image/webp,*/*;q=0.5", None])
def test_an_image_is_downloaded_with_any_accept(
    api: Api, photo: bytes, accept: str | None
) -> None:
    (result,) = api.results({"type": "file"}, {"file": ("a.jpg", photo)})
    answer = Api(api.url).get(result["url"], headers={"Accept": accept})
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert len(answer.content) == result["optimized_size"]


def test_unknown_fields_are_sent(api: Api, photo: bytes) -> None:
    fields = {"type": "file", "lossy": "1", "wait": "true", "quality": "high"}
    (result,) = api.results(fields, {"file": ("a.jpg", photo), "thumb": ("b.jpg", b"x")})
    assert result["success"] is True


def test_http_user_is_sent_with_files(api: Api, photo: bytes) -> None:
    fields = {"type": "file", "http_user": "ada", "http_pass": ""}
    (result,) = api.results(fields, {"file": ("a.jpg", photo)})
    assert result["success"] is True


def test_http_user_and_password_open_a_protected_page(api: Api, site: Site, photo: bytes) -> None:
    site.pages["/a.jpg"] = photo
    site.credentials["/a.jpg"] = "Basic " + b64encode(b"ada:secret").decode()
    fields = {"type": "url", "url": f"{site.url}/a.jpg"}
    (refused,) = api.results(fields)
    assert (refused["success"], refused["reason"]) == (False, "fetch_failed")
    (result,) = api.results(fields | {"http_user": "ada", "http_pass": "secret"})
    assert result["success"] is True


def test_an_answer_is_there_before_a_client_of_one_second_gives_up(api: Api, photo: bytes) -> None:
    api.results({"type": "file"}, {"file": ("a.jpg", photo)})
    started = time.monotonic()
    api.submit({"type": "file"}, {"file": ("a.jpg", photo)})
    assert time.monotonic() - started < 1
