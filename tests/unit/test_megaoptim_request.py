"""Test MegaOptim's submit and result requests, by its document and docs/api-coverage.md."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from leanpix.contract import ErrorName
from leanpix.dialects.identifiers import parse_job_id
from leanpix.dialects.megaoptim import parse_submission, parse_wait_seconds
from leanpix.domain.errors import LeanpixError
from leanpix.domain.jobs import Credentials
from leanpix.domain.options import Compression, ImageOptions, Operation
from leanpix.domain.submission import Link, Submission, Upload, UploadReference
from leanpix.http import Request

URL = "https://example.com/photo.jpg"


def submit(
    fields: dict[str, str],
    files: dict[str, tuple[str, bytes]] | None = None,
    *,
    path: str = "/v1/optimize",
) -> Submission:
    """Parse a submit request with these fields and files."""
    if files is None:
        headers = {"content-type": "application/x-www-form-urlencoded"}
        body = urlencode(fields).encode()
    else:
        headers = {"content-type": "multipart/form-data; boundary=XX"}
        parts = [(f'name="{name}"', value.encode()) for name, value in fields.items()]
        parts += [(f'name="{n}"; filename="{file}"', data) for n, (file, data) in files.items()]
        body = b"".join(
            f"--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + data + b"\r\n"
            for head, data in parts
        )
        body += b"--XX--\r\n"
    request = Request(method="POST", path=path, route=path, headers=headers, body=body)
    return parse_submission(request, account_id="acc_1")


def problems(
    fields: dict[str, str], files: dict[str, tuple[str, bytes]] | None = None
) -> tuple[str, ...]:
    """Return the problems that a submit request is refused for."""
    with pytest.raises(LeanpixError) as refused:
        submit(fields, files)
    assert refused.value.name is ErrorName.INVALID_REQUEST
    return tuple(problem.text for problem in refused.value.problems)


def poll(query: dict[str, str] | None = None, body: bytes = b"") -> Request:
    """Return a result request."""
    return Request(
        method="POST",
        path="/v1/optimize/1/result",
        query=query or {},
        body=body,
        headers={"content-type": "application/x-www-form-urlencoded"},
    )


class TestType:
    """The sources of the images."""

    def test_missing_or_unknown_type_is_the_documents_own_error(self) -> None:
        """Word for word."""
        text = "The type field is required and must be one of: url, file, urls, files."
        assert problems({})[0] == text
        assert problems({"type": "ftp"})[0] == text

    def test_missing_or_unknown_type_names_upload_after_the_documents_four(self) -> None:
        """It is an addition of Leanpix."""
        own, addition = problems({})
        assert "upload" not in own
        assert addition == "Or upload, for an upload_id that POST /v1/uploads granted."

    def test_url(self) -> None:
        """One link, named by its path."""
        assert submit({"type": "url", "url": URL}).inputs == (
            Link(file_name="photo.jpg", url=URL),
        )

    def test_urls_keep_their_order_and_may_have_gaps(self) -> None:
        """url1 is required, url2 to url5 are not."""
        fields = {"type": "urls", "url1": URL, "url3": URL + "?3", "url5": URL + "?5"}
        links = submit(fields).inputs
        assert [link.url for link in links if isinstance(link, Link)] == [
            URL,
            URL + "?3",
            URL + "?5",
        ]
        assert "url1" in problems({"type": "urls", "url2": URL})[0]

    def test_file(self) -> None:
        """One upload, named by its base name."""
        found = submit({"type": "file"}, {"file": ("/tmp/photo.jpg", b"data")}).inputs
        assert found == (Upload(file_name="photo.jpg", data=b"data"),)

    def test_files_keep_their_order_and_may_have_gaps(self) -> None:
        """file1 is required."""
        files = {"file1": ("a.jpg", b"1"), "file4": ("b.jpg", b"4")}
        assert submit({"type": "files"}, files).inputs == (
            Upload(file_name="a.jpg", data=b"1"),
            Upload(file_name="b.jpg", data=b"4"),
        )
        assert "file1" in problems({"type": "files"}, {"file2": ("a.jpg", b"1")})[0]

    def test_a_browsers_empty_file_input_is_a_gap(self) -> None:
        """It sends a part with an empty file name and no bytes."""
        files = {"file1": ("a.jpg", b"1"), "file2": ("", b""), "file3": ("c.jpg", b"3")}
        found = submit({"type": "files"}, files).inputs
        assert found == (
            Upload(file_name="a.jpg", data=b"1"),
            Upload(file_name="c.jpg", data=b"3"),
        )

    def test_an_empty_file_input_is_no_file1(self) -> None:
        """The first is required."""
        text = "The file1 field is required and must be an uploaded image file."
        assert problems({"type": "files"}, {"file1": ("", b"")}) == (text,)

    @pytest.mark.parametrize("file", [b"\xff\xd8\xff\xe0", b"<svg/>", b"0123"])
    def test_a_file_without_a_file_name_is_a_file(self, file: bytes) -> None:
        """Some clients name none."""
        body = b"".join(
            b"--b\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + data + b"\r\n"
            for head, data in ((b'name="type"', b"file"), (b'name="file"', file))
        )
        request = Request(
            method="POST",
            path="/v1/optimize",
            route="/v1/optimize",
            headers={"content-type": "multipart/form-data; boundary=b"},
            body=body + b"--b--\r\n",
        )
        found = parse_submission(request, account_id="acc_1").inputs
        assert found == (Upload(file_name="image", data=file),)

    @pytest.mark.parametrize(
        "url",
        [
            "https://ada:secret@example.com/a.jpg",
            "https://ada@example.com/a.jpg",
            "https://example.com:8443/a.jpg",
            "http://example.com:22/",
            "http://example.com\\@evil.example/",
            "http://exa%6dple.com/",
        ],
    )
    @pytest.mark.parametrize("field", ["url", "callback_url"])
    def test_a_url_that_can_never_be_fetched_names_its_field(self, field: str, url: str) -> None:
        """Rather than fail when the job has been paid for."""
        (text,) = problems({"type": "url", "url": URL, field: url})
        assert text.startswith(f"The {field} field ")

    def test_the_local_cloud_allows_any_port(self) -> None:
        """Its users serve images from ports of their own."""
        body = urlencode({"type": "url", "url": "http://127.0.0.1:8000/a.jpg"}).encode()
        request = Request(method="POST", path="/v1/optimize", route="/v1/optimize", body=body)
        (link,) = parse_submission(request, account_id="acc_1", any_port=True).inputs
        assert isinstance(link, Link)
        assert link.url == "http://127.0.0.1:8000/a.jpg"

    def test_a_url_submit_may_be_multipart(self) -> None:
        """Real clients do it."""
        assert submit({"type": "url", "url": URL}, {}).inputs

    @pytest.mark.parametrize(
        "url",
        ["", "photo.jpg", "ftp://example.com/a", "http://", "http://a b/", "http://a:99999/"],
    )
    def test_an_unusable_url_names_its_field(self, url: str) -> None:
        """And says what would be right."""
        assert problems({"type": "url", "url": url}) == (
            "The url field is required and must be a valid http or https URL.",
        )

    def test_an_unusable_file_names_its_field(self) -> None:
        """Missing, empty, or sent as text."""
        text = "The file field is required and must be an uploaded image file."
        assert problems({"type": "file"}) == (text,)
        assert problems({"type": "file", "file": "x"}) == (text,)
        assert problems({"type": "file"}, {"file": ("a.jpg", b"")}) == (text,)


class TestOptions:
    """The treatment of the images."""

    @pytest.mark.parametrize(
        ("text", "compression"),
        [
            ("high", Compression.HIGH),
            ("ultra", Compression.HIGH),
            ("medium", Compression.MEDIUM),
            ("intelligent", Compression.MEDIUM),
            ("lossless", Compression.LOSSLESS),
            ("", Compression.MEDIUM),
        ],
    )
    def test_compression_and_its_aliases(self, text: str, compression: Compression) -> None:
        """Medium by default."""
        options = submit({"type": "url", "url": URL, "compression": text}).options
        assert options.compression is compression

    def test_all_options_at_once(self) -> None:
        """Each where it belongs."""
        fields = {
            "type": "url",
            "url": URL,
            "webp": "1",
            "keep_exif": "1",
            "cmyktorgb": "1",
            "max_width": "800",
            "max_height": "600",
        }
        assert submit(fields).options == ImageOptions(
            also_webp=True, keep_exif=True, cmyk_to_rgb=True, max_width=800, max_height=600
        )

    @pytest.mark.parametrize("off", ["0", ""])
    def test_zero_and_empty_mean_off(self, off: str) -> None:
        """As clients send it."""
        names = ("webp", "keep_exif", "cmyktorgb", "max_width", "max_height")
        fields = {"type": "url", "url": URL, **dict.fromkeys(names, off)}
        assert submit(fields).options == ImageOptions()

    @pytest.mark.parametrize(
        "name", ["http_user", "http_pass", "callback_url", "compression", "url2", "format"]
    )
    def test_zero_turns_any_field_off(self, name: str) -> None:
        """PHP sends false as 0."""
        fields = {"type": "urls", "url1": URL, name: "0"}
        assert submit(fields) == submit({"type": "urls", "url1": URL})

    def test_zero_as_a_password_is_none(self) -> None:
        """A user needs a password."""
        fields = {"type": "url", "url": URL, "http_user": "ada", "http_pass": "0"}
        assert problems(fields) == ("The http_pass field is required when http_user is set.",)

    @pytest.mark.parametrize("name", ["url", "type"])
    def test_zero_does_not_fill_in_a_required_field(self, name: str) -> None:
        """It counts as not sent."""
        fields = {"type": "url", "url": URL}
        without = {key: value for key, value in fields.items() if key != name}
        assert problems({**fields, name: "0"}) == problems(without)

    def test_zero_leaves_an_upload_out(self) -> None:
        """As any other field."""
        found = submit({"type": "upload", "upload_id1": "a", "upload_id2": "0"}).inputs
        assert found == (UploadReference(field="upload_id1", upload_id="a"),)

    def test_zero_as_a_compression_is_none_given(self) -> None:
        """So the type of the result is `convert`."""
        fields = {"type": "url", "url": URL, "format": "webp", "compression": "0"}
        assert submit(fields, path="/v1/convert").operation is Operation.CONVERT

    @pytest.mark.parametrize("digits", [5, 10, 11, 100, 5_000])
    @pytest.mark.parametrize("name", ["max_width", "max_height"])
    def test_no_number_of_pixels_is_too_large(self, name: str, digits: int) -> None:
        """Above what any image has, it is no limit."""
        options = submit({"type": "url", "url": URL, name: "9" * digits}).options
        assert getattr(options, name) == 65_535

    def test_zeros_before_a_number_of_pixels_do_not_count(self) -> None:
        """However many."""
        fields = {"type": "url", "url": URL}
        assert submit({**fields, "max_width": "0" * 20 + "800"}).options.max_width == 800
        assert submit({**fields, "max_width": "0" * 20}).options.max_width is None

    def test_unknown_fields_are_ignored(self) -> None:
        """A newer client may know more."""
        assert submit({"type": "url", "url": URL, "new_field": "x"}).inputs

    @pytest.mark.parametrize(
        ("name", "meant"),
        [
            ("compresion", "compression"),
            ("compresssion", "compression"),
            ("compressiom", "compression"),
            ("max_wdith", "max_width"),
            ("Webp", "webp"),
            ("keepexif", "keep_exif"),
            ("callback_urls", "callback_url"),
        ],
    )
    def test_an_unknown_field_one_letter_off_a_known_one_is_warned_of(
        self, name: str, meant: str
    ) -> None:
        """It is ignored all the same."""
        found = submit({"type": "url", "url": URL, name: "1"})
        assert found.options == ImageOptions()
        assert found.warnings == (
            f"The {name} field is not known and was ignored. Did you mean {meant}?",
        )

    @pytest.mark.parametrize(
        "name", ["quality", "wepb2", "new_field", "compressi", "timeout", "format", "x" * 10_000]
    )
    def test_any_other_field_is_not_warned_of(self, name: str) -> None:
        """Other routes know some of them."""
        assert submit({"type": "url", "url": URL, name: "1"}).warnings == ()

    def test_all_problems_are_told_at_once(self) -> None:
        """In the order of the document's table."""
        found = problems(
            {
                "type": "url",
                "url": "x",
                "compression": "max",
                "webp": "2",
                "max_width": "-1",
                "callback_url": "x",
            }
        )
        assert [text.split()[1] for text in found] == [
            "url",
            "compression",
            "webp",
            "max_width",
            "callback_url",
        ]

    def test_credentials_come_in_pairs(self) -> None:
        """A user without a password is an error; with files both are ignored."""
        fields = {"type": "url", "url": URL, "http_user": "ada"}
        assert problems(fields) == ("The http_pass field is required when http_user is set.",)
        (link,) = submit({**fields, "http_pass": "p"}).inputs
        assert isinstance(link, Link)
        assert link.credentials == Credentials(user="ada", password="p")
        assert "p" not in repr(link.credentials).split("password")[1]
        assert submit({"type": "file", "http_user": "ada"}, {"file": ("a", b"x")}).inputs

    def test_callback_url_is_kept(self) -> None:
        """For when the job has ended."""
        fields = {"type": "url", "url": URL, "callback_url": "https://example.com/done"}
        assert submit(fields).callback_url == "https://example.com/done"


class TestConvert:
    """The convert route: the same, and a format."""

    def test_a_format_is_required(self) -> None:
        """WebP or AVIF."""
        fields = {"type": "url", "url": URL}
        with pytest.raises(LeanpixError) as refused:
            submit(fields, path="/v1/convert")
        assert [problem.text for problem in refused.value.problems] == [
            "The format field is required and must be one of: webp, avif."
        ]
        found = submit({**fields, "format": "avif"}, path="/v1/convert")
        assert found.options.target_format == "avif"

    def test_the_operation_tells_whether_a_compression_was_asked_for(self) -> None:
        """`convert`, or `compress_convert` with a compression given (docs/api-coverage.md)."""
        fields = {"type": "url", "url": URL, "format": "webp"}
        assert submit(fields, path="/v1/convert").operation is Operation.CONVERT
        fields["compression"] = "high"
        assert submit(fields, path="/v1/convert").operation is Operation.COMPRESS_CONVERT
        assert submit(fields).operation is Operation.COMPRESS


class TestDirectUploads:
    """`type=upload`, which is ours."""

    def test_one_or_up_to_five_uploads_are_named_by_their_ids(self) -> None:
        """In order; gaps are fine."""
        fields = {"type": "upload", "upload_id1": "a", "upload_id3": "b"}
        assert submit(fields).inputs == (
            UploadReference(field="upload_id1", upload_id="a"),
            UploadReference(field="upload_id3", upload_id="b"),
        )
        assert "POST /v1/uploads" in problems({"type": "upload"})[0]


class TestResult:
    """The poll."""

    @pytest.mark.parametrize(
        ("query", "seconds"),
        [
            ({}, 80),
            ({"timeout": "45"}, 45),
            ({"timeout": "1"}, 30),
            ({"timeout": "75"}, 75),
            ({"timeout": "300"}, 120),
            ({"timeout300": ""}, 80),
            ({"timeout": "soon"}, 80),
            ({"timeout": "-5"}, 80),
            ({"timeout": "9" * 5000}, 120),
        ],
    )
    def test_timeout_is_clamped_and_never_an_error(
        self, query: dict[str, str], seconds: int
    ) -> None:
        """30 to 120, 80 by default."""
        assert parse_wait_seconds(poll(query)) == seconds

    def test_timeout_may_stand_in_the_body(self) -> None:
        """And a broken body does not matter."""
        assert parse_wait_seconds(poll(body=b"timeout=50")) == 50
        assert parse_wait_seconds(poll(body=b"\xff\xfe")) == 80

    @pytest.mark.parametrize("text", ["", "abc", "-1", "1.5", "٣", str(2**53), "9" * 5000])
    def test_what_is_no_id_is_no_job(self, text: str) -> None:
        """404, like any job that is not there."""
        with pytest.raises(LeanpixError) as missing:
            parse_job_id(text)
        assert missing.value.name is ErrorName.JOB_NOT_FOUND
