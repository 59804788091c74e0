"""Test the guarded fetcher against servers on loopback and resolvers that lie."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from base64 import b64encode
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import httpcore
import pytest

from leanpix.adapters.fetching.address_guard import AddressRefusedError, choose_addresses
from leanpix.adapters.fetching.fetcher import GuardedFetcher
from leanpix.adapters.fetching.pinned_connections import DeadlineStream
from leanpix.domain.jobs import Credentials
from leanpix.services.ports import FetchFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LIMIT = 10_000


@dataclass
class Site:
    """A web site on loopback: its answers by path, and the requests that it got."""

    url: str
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)


def _run_site(addresses: tuple[str, int]) -> tuple[ThreadingHTTPServer, Site]:
    site = Site("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            status, headers, body = site.pages.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(addresses, Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, site


@pytest.fixture
def site() -> Iterator[Site]:
    """Return a site that has one photo."""
    server, site = _run_site(("127.0.0.1", 0))
    site.pages["/photo.jpg"] = (200, {}, b"photo")
    yield site
    server.shutdown()
    server.server_close()


LOCAL = GuardedFetcher(may_fetch_loopback=True)


def fetch(
    url: str, fetcher: GuardedFetcher = LOCAL, credentials: Credentials | None = None
) -> bytes:
    """Fetch with the test's limit."""
    return fetcher.fetch(url, credentials=credentials, max_bytes=LIMIT)


def refusal(url: str, fetcher: GuardedFetcher = LOCAL) -> FetchFailedError:
    """Return why a URL is not fetched."""
    with pytest.raises(FetchFailedError) as refused:
        fetch(url, fetcher)
    return refused.value


def _find_nothing(_host: str, _port: int) -> list[str]:
    raise socket.gaierror


class TestFetching:
    """Fetches that succeed."""

    def test_returns_what_the_url_holds(self, site: Site) -> None:
        """And asks for it unencoded."""
        assert fetch(f"{site.url}/photo.jpg") == b"photo"
        assert site.seen[0][1]["accept-encoding"] == "identity"

    def test_sends_basic_credentials(self, site: Site) -> None:
        """RFC 7617."""
        fetch(f"{site.url}/photo.jpg", credentials=Credentials(user="ada", password="pä"))
        expected = "Basic " + b64encode("ada:pä".encode()).decode()
        assert site.seen[0][1]["authorization"] == expected

    def test_follows_redirects(self, site: Site) -> None:
        """Relative ones too."""
        site.pages["/a"] = (302, {"Location": "/b"}, b"")
        site.pages["/b"] = (301, {"Location": f"{site.url}/photo.jpg"}, b"")
        assert fetch(f"{site.url}/a") == b"photo"

    def test_paths_in_any_script_are_asked_for_in_their_encoded_form(self, site: Site) -> None:
        """RFC 3986 §2.5; what is encoded already stays so."""
        site.pages["/f%C3%B3to%20%31.jpg?a=%C3%A9"] = (200, {}, b"photo")
        assert fetch(f"{site.url}/fóto %31.jpg?a=é#part") == b"photo"

    def test_credentials_go_to_no_other_origin(self, site: Site) -> None:
        """A redirect to another port is another origin."""
        server, other = _run_site(("127.0.0.1", 0))
        other.pages["/photo.jpg"] = (200, {}, b"other")
        site.pages["/a"] = (302, {"Location": f"{other.url}/photo.jpg"}, b"")
        assert fetch(f"{site.url}/a", credentials=Credentials(user="a", password="b")) == b"other"
        assert "authorization" in site.seen[0][1]
        assert "authorization" not in other.seen[0][1]
        server.shutdown()
        server.server_close()


class TestRefusing:
    """Fetches that are refused."""

    def test_more_than_five_redirects(self, site: Site) -> None:
        """A loop ends."""
        site.pages["/a"] = (302, {"Location": "/a"}, b"")
        assert "redirects" in str(refusal(f"{site.url}/a"))
        assert len(site.seen) == 6

    @pytest.mark.parametrize("status", [204, 403, 404, 410])
    def test_a_status_other_than_200_is_not_tried_again(self, site: Site, status: int) -> None:
        """The site has spoken."""
        site.pages["/x"] = (status, {}, b"")
        assert refusal(f"{site.url}/x").reason == "fetch_failed"
        assert len(site.seen) == 1

    def test_a_passing_failure_is_tried_three_times(self, site: Site) -> None:
        """Then the client gets it."""
        site.pages["/x"] = (503, {}, b"")
        assert "503" in str(refusal(f"{site.url}/x"))
        assert len(site.seen) == 3

    def test_the_text_tells_the_kinds_of_failure_apart(self, site: Site) -> None:
        """And nothing of a network behind an address."""
        site.pages["/x"] = (404, {}, b"")
        unknown = GuardedFetcher(resolve=_find_nothing)
        inner = GuardedFetcher(resolve=lambda _host, _port: ["10.0.0.1"])
        slow = GuardedFetcher(may_fetch_loopback=True, total_seconds=0.0)
        texts = {
            "status": str(refusal(f"{site.url}/x")),
            "no such host": str(refusal("http://nowhere.example/", unknown)),
            "refused": str(refusal("http://inner.example/", inner)),
            "slow": str(refusal(f"{site.url}/photo.jpg", slow)),
        }
        assert texts == {
            "status": "the URL answered with status 404",
            "no such host": "the host name could not be resolved",
            "refused": "the host is not on the public internet",
            "slow": "the URL's host took too long to answer",
        }

    def test_a_body_over_the_limit_ends_while_it_is_read(self, site: Site) -> None:
        """Whatever Content-Length says or does not say."""
        site.pages["/big"] = (200, {}, bytes(LIMIT + 1))
        assert refusal(f"{site.url}/big").reason == "too_large"

    def test_an_encoding_that_was_not_asked_for(self, site: Site) -> None:
        """Only gzip, which some hosts send unasked, is taken: see tests/security."""
        site.pages["/z"] = (200, {"Content-Encoding": "br"}, b"\x1f\x8b")
        assert "encoding" in str(refusal(f"{site.url}/z"))

    def test_a_trickle_ends_at_the_deadline(self) -> None:
        """Each byte in time, all of them never."""
        listener = socket.create_server(("127.0.0.1", 0))
        stop = threading.Event()

        def trickle() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            while not stop.wait(0.05):
                try:
                    connection.sendall(b"x")
                except OSError:
                    break
            connection.close()

        threading.Thread(target=trickle, daemon=True).start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        quick = GuardedFetcher(may_fetch_loopback=True, total_seconds=0.5)
        assert refusal(url, quick).reason == "fetch_failed"
        stop.set()
        listener.close()

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://example.com/",
            "file:///etc/passwd",
            "http:///x",
            "http://ada:secret@example.com/",
            "http://example.com:22/",
            "http://example.com:99999/",
            "http://[::1",
        ],
    )
    def test_urls_that_are_not_plain_web_addresses(self, url: str) -> None:
        """Before anything is looked up."""

        def resolve(*_: object) -> list[str]:
            raise AssertionError

        assert refusal(url, GuardedFetcher(resolve=resolve)).reason == "fetch_failed"

    def test_loopback_without_the_local_allowance(self, site: Site) -> None:
        """The port is what refuses it first; on port 80 it is the address."""
        refusal(f"{site.url}/photo.jpg", GuardedFetcher())
        assert "public" in str(refusal("http://127.0.0.1/", GuardedFetcher()))
        assert site.seen == []

    def test_a_redirect_into_our_network(self, site: Site) -> None:
        """Is checked like any address, with the local allowance too."""
        site.pages["/a"] = (302, {"Location": "http://169.254.169.254/latest/"}, b"")
        assert "public" in str(refusal(f"{site.url}/a"))


class TestAddresses:
    """`choose_addresses`: one look-up, every answer checked."""

    @pytest.mark.parametrize(
        "address",
        [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.31.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2001::1",
            "2002:7f00:1::",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1%eth0",
            "fec0::1",
            "ff02::1",
        ],
    )
    def test_addresses_that_are_not_public_are_refused(self, address: str) -> None:
        """In every range of the table."""
        with pytest.raises(AddressRefusedError):
            choose_addresses("x", 80, may_be_loopback=False, resolve=lambda *_: [address])

    def test_a_name_without_an_address_is_refused(self) -> None:
        """And never an empty list, which a caller would take for one to try."""
        with pytest.raises(AddressRefusedError, match="has no address"):
            choose_addresses("x", 80, may_be_loopback=False, resolve=lambda *_: [])

    def test_one_bad_address_among_good_ones_refuses_the_name(self) -> None:
        """A mixed answer is how a name is rebound."""
        with pytest.raises(AddressRefusedError):
            choose_addresses(
                "x", 80, may_be_loopback=False, resolve=lambda *_: ["8.8.8.8", "10.0.0.1"]
            )

    @pytest.mark.parametrize("host", ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"])
    def test_other_notations_of_loopback_are_refused(self, host: str) -> None:
        """As the system's resolver reads them."""
        with pytest.raises(AddressRefusedError):
            choose_addresses(host, 80, may_be_loopback=False)

    def test_public_addresses_are_given_back_in_order(self) -> None:
        """Both families."""
        found = ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
        assert choose_addresses("x", 80, may_be_loopback=False, resolve=lambda *_: found) == found


class Waits(httpcore.NetworkStream):
    """A stream that notes how long it may wait."""

    def __init__(self) -> None:
        self.seconds: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.seconds.append(timeout)
        return b""

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.seconds.append(timeout)

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        self.seconds.append(timeout)
        return self


USES: dict[str, Callable[[DeadlineStream], object]] = {
    "read": lambda stream: stream.read(9, 60),
    "write": lambda stream: stream.write(b"x", 60),
    "start_tls": lambda stream: stream.start_tls(ssl.create_default_context(), "host", 60),
}


@pytest.mark.parametrize("use", USES)
class TestDeadlineStream:
    """Every wait of a connection ends at its deadline."""

    def test_waits_for_what_is_left_and_no_longer(self, use: str) -> None:
        waits = Waits()
        USES[use](DeadlineStream(waits, time.monotonic() + 5))
        (seconds,) = waits.seconds
        assert seconds is not None
        assert 4 < seconds <= 5

    def test_begins_nothing_once_the_deadline_has_passed(self, use: str) -> None:
        waits = Waits()
        with pytest.raises(httpcore.TimeoutException):
            USES[use](DeadlineStream(waits, time.monotonic() - 1))
        assert waits.seconds == []
