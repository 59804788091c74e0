"""Test that fetches from hostile hosts end in time: floods, lies, bombs, trickles, false names."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
import trustme

from leanpix.adapters.fetching.fetcher import GuardedFetcher
from leanpix.domain.jobs import Credentials
from leanpix.services.ports import FetchFailedError
from tests.security.network import PUBLIC, Answer, Network, network, redirect, response

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 100_000
ADA = Credentials(user="ada", password="hunter2")
BOMB = gzip.compress(bytes(50_000_000))
MAX_GROWTH_BYTES = 4_000_000


def forever(first: bytes, again: bytes, pause: float = 0.0) -> Answer:
    """Return an answer that never ends."""

    def send(connection: socket.socket) -> None:
        connection.sendall(first)
        while True:
            connection.sendall(again)
            time.sleep(pause)

    return send


HEAD = b"HTTP/1.1 200 OK\r\n"
ANSWERS: dict[str, tuple[Answer, str]] = {
    "headers without end": (forever(HEAD, b"X-Flood: " + b"a" * 1_000 + b"\r\n"), "fetch_failed"),
    "one header without end": (forever(HEAD + b"X: ", b"a" * 10_000), "fetch_failed"),
    "a status line without end": (forever(b"HTTP/1.1 200 ", b"a" * 10_000), "fetch_failed"),
    "informational answers without end": (
        forever(b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
        "fetch_failed",
    ),
    "headers that trickle": (forever(HEAD, b"a", 0.05), "fetch_failed"),
    "a body that trickles": (forever(HEAD + b"\r\n", b"a", 0.05), "fetch_failed"),
    "chunks that trickle": (
        forever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n", 0.05),
        "fetch_failed",
    ),
    "a chunk header without end": (
        forever(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1;" + b"a" * 1_000),
        "fetch_failed",
    ),
    "a body without end": (forever(HEAD + b"\r\n", bytes(65_536)), "too_large"),
    "chunks without end": (
        forever(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"8000\r\n" + bytes(0x8000) + b"\r\n"
        ),
        "too_large",
    ),
    "a length that is too large": (response("Content-Length: 99999999999"), "too_large"),
    "a length that is too small for the body": (
        response("Content-Length: 10", body=bytes(9)),
        "fetch_failed",
    ),
    "two lengths": (
        response("Content-Length: 1", "Content-Length: 2", body=b"ab"),
        "fetch_failed",
    ),
    "a negative length": (response("Content-Length: -1", body=b"ab"), "fetch_failed"),
    "a length that is no number": (response("Content-Length: many", body=b"a"), "fetch_failed"),
    "no answer": (b"", "fetch_failed"),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.6\r\n", "fetch_failed"),
    "HTTP 0.9": (b"photo", "fetch_failed"),
    "only a preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "fetch_failed"),
    "a bomb": (response("Content-Encoding: gzip", body=BOMB), "too_large"),
    "a bomb in a bomb": (
        response("Content-Encoding: gzip, gzip", body=gzip.compress(BOMB)),
        "fetch_failed",
    ),
    "a bomb as deflate": (
        response("Content-Encoding: deflate", body=zlib.compress(bytes(50_000_000))),
        "fetch_failed",
    ),
    "a bomb in Brotli": (response("Content-Encoding: br", body=b"\xcf"), "fetch_failed"),
    "broken gzip": (response("Content-Encoding: gzip", body=b"\x1f\x8b\x08no"), "fetch_failed"),
    "gzip that is cut off": (response("Content-Encoding: gzip", body=BOMB[:50]), "fetch_failed"),
    "gzip with a tail without end": (
        forever(HEAD + b"Content-Encoding: gzip\r\n\r\n" + BOMB, bytes(65_536)),
        "too_large",
    ),
    "line breaks in Location": (
        HEAD.replace(b"200", b"302") + b"Location: /a\rSet-Cookie: x\r\n\r\n",
        "fetch_failed",
    ),
    "a null byte in Location": (
        HEAD.replace(b"200", b"302") + b"Location: /a\x00\r\n\r\n",
        "fetch_failed",
    ),
    "redirects without end": (redirect("/"), "fetch_failed"),
    "growing redirects without end": (redirect("/?" + "a" * 9_000), "fetch_failed"),
}


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    with network(monkeypatch, {"/": response(body=b"photo")}) as built:
        yield built


def fetch(net: Network, url: str, credentials: Credentials | None = None) -> bytes:
    fetcher = GuardedFetcher(resolve=net.resolve, total_seconds=0.8)
    return fetcher.fetch(url, credentials=credentials, max_bytes=LIMIT)


@pytest.mark.parametrize(("answer", "reason"), ANSWERS.values(), ids=ANSWERS)
def test_a_hostile_answer_ends_in_time_and_in_little_memory(
    net: Network, answer: Answer, reason: str
) -> None:
    net.site.answers["*"] = net.site.answers["/"] = answer
    started = time.monotonic()
    tracemalloc.start()
    with pytest.raises(FetchFailedError) as refused:
        fetch(net, "http://public.example/")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused.value.reason == reason
    assert time.monotonic() - started < 3
    assert peak < MAX_GROWTH_BYTES


@pytest.mark.parametrize("answer", ["headers that trickle", "headers without end", "no answer"])
def test_a_callback_to_a_hostile_host_ends_in_time(net: Network, answer: str) -> None:
    net.site.answers["*"] = net.site.answers["/"] = ANSWERS[answer][0]
    fetcher = GuardedFetcher(resolve=net.resolve, total_seconds=0.8)
    started = time.monotonic()
    with pytest.raises(FetchFailedError):
        fetcher.post("http://public.example/", b"{}", headers={})
    assert time.monotonic() - started < 3


def test_a_callback_reads_no_body(net: Network) -> None:
    net.site.answers["/"] = forever(HEAD + b"\r\n", bytes(65_536))
    fetcher = GuardedFetcher(resolve=net.resolve, total_seconds=5)
    started = time.monotonic()
    assert fetcher.post("http://public.example/", b"{}", headers={}) == 200
    assert time.monotonic() - started < 2


def test_a_resolver_that_hangs_ends_in_time() -> None:
    stop = threading.Event()

    def hang(_host: str, _port: int) -> list[str]:
        stop.wait(20)
        return []

    started = time.monotonic()
    with pytest.raises(FetchFailedError):
        GuardedFetcher(resolve=hang, total_seconds=0.5).fetch(
            "http://public.example/", credentials=None, max_bytes=LIMIT
        )
    assert time.monotonic() - started < 2
    stop.set()


def test_an_honest_gzip_body_is_taken(net: Network) -> None:
    """Some hosts compress what was asked for plain."""
    net.site.answers["/"] = response("Content-Encoding: gzip", body=gzip.compress(b"photo" * 9))
    assert fetch(net, "http://public.example/") == b"photo" * 9


class TestTls:
    """The name is verified though the connection goes to a checked address."""

    @pytest.fixture
    def authority(self) -> trustme.CA:
        return trustme.CA()

    @pytest.fixture
    def secure(
        self, monkeypatch: pytest.MonkeyPatch, authority: trustme.CA
    ) -> Iterator[Callable[[str], Network]]:
        """Return a maker of networks whose site has a certificate for a name."""
        opened = []

        def make(name: str) -> Network:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert(name).configure_cert(context)
            manager = network(
                monkeypatch,
                {"/": response(body=b"photo")},
                lambda connection: context.wrap_socket(connection, server_side=True),
            )
            opened.append(manager)
            return manager.__enter__()

        yield make
        for manager in opened:
            manager.__exit__(None, None, None)

    def fetcher(self, net: Network, authority: trustme.CA | None) -> GuardedFetcher:
        trust = ssl.create_default_context()
        if authority:
            authority.configure_trust(trust)
        return GuardedFetcher(resolve=net.resolve, trust=trust, total_seconds=2)

    def test_the_name_of_the_url_is_what_the_certificate_must_hold(
        self, secure: Callable[[str], Network], authority: trustme.CA
    ) -> None:
        net = secure("public.example")
        fetcher = self.fetcher(net, authority)
        url = "https://public.example/"
        assert fetcher.fetch(url, credentials=None, max_bytes=LIMIT) == b"photo"
        assert net.connected == [PUBLIC]

    @pytest.mark.parametrize("name", ["other.example", PUBLIC])
    def test_a_certificate_for_another_name_or_for_the_address_is_refused(
        self, secure: Callable[[str], Network], authority: trustme.CA, name: str
    ) -> None:
        net = secure(name)
        with pytest.raises(FetchFailedError):
            self.fetcher(net, authority).fetch(
                "https://public.example/", credentials=None, max_bytes=LIMIT
            )
        assert net.site.requests == []

    def test_an_authority_that_is_not_trusted_is_refused(
        self, secure: Callable[[str], Network]
    ) -> None:
        net = secure("public.example")
        with pytest.raises(FetchFailedError):
            self.fetcher(net, None).fetch(
                "https://public.example/", credentials=None, max_bytes=LIMIT
            )

    def test_no_password_follows_a_redirect_from_https_to_http(
        self, secure: Callable[[str], Network], authority: trustme.CA
    ) -> None:
        net = secure("public.example")
        net.site.answers["/"] = redirect("http://public.example/plain")
        with pytest.raises(FetchFailedError, match="https to http"):
            self.fetcher(net, authority).fetch(
                "https://public.example/", credentials=ADA, max_bytes=LIMIT
            )
        assert len(net.site.requests) == 1


class TestCredentials:
    """Credentials go to the host that they were given for, and to no other."""

    @pytest.mark.parametrize(
        ("location", "kept"),
        [
            ("/next", True),
            ("http://public.example/next", True),
            ("http://PUBLIC.example:80/next", True),
            ("http://other.example/next", False),
            ("http://sub.public.example/next", False),
            ("http://public.example.evil.example/next", False),
            ("http://public.example:443/next", False),
            ("http://public.example./next", False),
        ],
    )
    def test_a_redirect_keeps_them_on_the_same_host_alone(
        self, net: Network, location: str, *, kept: bool
    ) -> None:
        for name in (
            "other.example",
            "sub.public.example",
            "public.example.evil.example",
            "public.example.",
        ):
            net.names[name] = [[PUBLIC]]
        net.site.answers["/"] = redirect(location)
        net.site.answers["/next"] = response(body=b"photo")
        assert fetch(net, "http://public.example/", ADA) == b"photo"
        first, second = (request.lower() for request in net.site.requests)
        assert b"authorization: basic" in first
        assert (b"authorization: basic" in second) is kept

    def test_once_dropped_they_do_not_come_back(self, net: Network) -> None:
        net.names["other.example"] = [[PUBLIC]]
        net.site.answers["/"] = redirect("http://other.example/a")
        net.site.answers["/a"] = redirect("http://public.example/b")
        net.site.answers["/b"] = response(body=b"photo")
        fetch(net, "http://public.example/", ADA)
        assert b"authorization" not in net.site.requests[2].lower()

    def test_no_error_text_holds_them(self, net: Network) -> None:
        net.site.answers["/"] = response(status=401)
        with pytest.raises(FetchFailedError) as refused:
            fetch(net, "http://public.example/?token=s3cret", ADA)
        assert "hunter2" not in repr(refused.value)
        assert "s3cret" not in repr(refused.value)
        assert "hunter2" not in repr(ADA)
