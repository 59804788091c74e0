"""Test that no trick of a URL leads into our own network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanpix.adapters.fetching import pinned_connections
from leanpix.adapters.fetching.fetcher import GuardedFetcher
from leanpix.domain.jobs import Credentials
from leanpix.services.ports import FetchFailedError
from tests.security.network import PUBLIC, PUBLIC_6, Network, network, redirect, response

if TYPE_CHECKING:
    from collections.abc import Iterator

# Hosts that mean loopback, metadata or another private address, each written in another way.
HOSTS = {
    "loopback": "127.0.0.1",
    "loopback, another address of it": "127.8.8.8",
    "decimal": "2130706433",
    "octal": "017700000001",
    "hexadecimal": "0x7f000001",
    "hexadecimal in capitals": "0X7F000001",
    "octal parts": "0177.0.0.01",
    "hexadecimal parts": "0x7f.0x0.0x0.0x1",
    "mixed parts": "0x7f.0.0.01",
    "short, two parts": "127.1",
    "short, three parts": "127.0.1",
    "leading zeros": "0000177.0.0.1",
    "trailing dot": "127.0.0.1.",
    "decimal beyond 32 bits": "6425673729",
    "unspecified": "0.0.0.0",
    "unspecified, short": "0",
    "metadata": "169.254.169.254",
    "metadata, decimal": "2852039166",
    "metadata, hexadecimal": "0xA9FEA9FE",
    "metadata, octal": "0251.0376.0251.0376",
    "metadata of containers": "169.254.170.2",
    "private, ten": "10.0.0.1",
    "private, 172": "172.16.5.4",
    "private, 192": "192.168.0.1",
    "carrier-grade NAT": "100.64.1.1",
    "broadcast": "255.255.255.255",
    "multicast": "224.0.0.251",
    "benchmarking": "198.18.0.1",
    "6: loopback": "[::1]",
    "6: loopback in full": "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "6: unspecified": "[::]",
    "6: mapped": "[::ffff:127.0.0.1]",
    "6: mapped in hexadecimal": "[::ffff:7f00:1]",
    "6: mapped metadata": "[::ffff:a9fe:a9fe]",
    "6: compatible": "[::127.0.0.1]",
    "6: translated": "[::ffff:0:127.0.0.1]",
    "6: NAT64": "[64:ff9b::169.254.169.254]",
    "6: local NAT64": "[64:ff9b:1::a9fe:a9fe]",
    "6: 6to4": "[2002:7f00:1::]",
    "6: 6to4 of metadata": "[2002:a9fe:a9fe::1]",
    "6: Teredo": "[2001:0:53aa:64c:0:fffe:80ff:fffe]",
    "6: ISATAP under a public prefix": "[2606:4700::5efe:127.0.0.1]",
    "6: ISATAP with the unique bit": "[2606:4700::200:5efe:10.0.0.1]",
    "6: unique local": "[fd00::1]",
    "6: metadata": "[fd00:ec2::254]",
    "6: link-local": "[fe80::1]",
    "6: link-local with a zone": "[fe80::1%25eth0]",
    "6: loopback with a zone": "[::1%25lo]",
    "6: a zone without its percent encoding": "[::1%lo]",
    "6: site-local": "[fec0::1]",
    "6: multicast": "[ff02::1]",
    "6: outside of what is given to anyone": "[4000::1]",
    "6: of a future version": "[v1.127]",
    "full-width digits": "１２７.０.０.１",  # noqa: RUF001 - the test is about such characters
    "ideographic dots": "127。0。0。1",
    "circled digits": "①②⑦.⓪.⓪.①",
    "full-width everything": "１６９．２５４．１６９．２５４",  # noqa: RUF001 - the test is about such characters
    "percent-encoded dots": "127%2e0%2e0%2e1",
    "percent-encoded digits": "%31%32%37.0.0.1",
    "a soft hyphen within": "127.0.0.1\u00ad",
    "a zero-width space within": "127.0.\u200b0.1",
}

# Whole URLs that two parsers could read differently.
URLS = {
    "user name that looks like a host": "http://public.example@127.0.0.1/",
    "host that looks like a user name": "http://127.0.0.1@public.example/",
    "empty user name": "http://@127.0.0.1/",
    "two at signs": "http://a@public.example@127.0.0.1/",
    "at sign in full width": "http://public.example＠127.0.0.1/",  # noqa: RUF001 - the test is about such characters
    "backslash before the at sign": "http://public.example\\@127.0.0.1/",
    "backslash as slash": "http://127.0.0.1\\.public.example/",
    "fragment before the at sign": "http://127.0.0.1#@public.example/",
    "query before the at sign": "http://127.0.0.1?@public.example/",
    "slash in full width": "http://127.0.0.1／.public.example/",  # noqa: RUF001 - the test is about such characters
    "line break in the host": "http://127.0.\r\n0.1/",
    "tab in the host": "http://127.\t0.0.1/",
    "space before the host": "http:// 127.0.0.1/",
    "null byte in the host": "http://127.0.0.1\x00.public.example/",
    "line break that smuggles a header": "http://public.example/\r\nHost: 127.0.0.1",
    "no slashes": "http:127.0.0.1/",
    "three slashes": "http:///127.0.0.1/",
    "no scheme": "//127.0.0.1/",
    "file": "file:///proc/self/environ",
    "file in capitals": "FILE:///etc/passwd",
    "gopher": "gopher://127.0.0.1:80/_GET",
    "ftp": "ftp://127.0.0.1/",
    "dict": "dict://127.0.0.1:11211/stats",
    "data": "data:image/png;base64,AAAA",
    "jar": "jar:http://127.0.0.1!/",
    "port of Redis": "http://public.example:6379/",
    "port of SSH over https": "https://public.example:22/",
    "port of the Lambda runtime": "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next",
    "port zero": "http://public.example:0/",
    "negative port": "http://public.example:-80/",
    "port beyond 16 bits": "http://public.example:65616/",
    "port in full width": "http://public.example:８０/",  # noqa: RUF001 - the test is about such characters
    "no host": "http://:80/",
    "much too long": "http://public.example/" + "a" * 9_000,
}

# Names and what their look-ups answer, one after another.
ANSWERS: dict[str, list[list[str]]] = {
    "a name for loopback": [["127.0.0.1"]],
    "a name for metadata": [["169.254.169.254"]],
    "public and private together": [[PUBLIC, "10.0.0.1"]],
    "private and public together": [["10.0.0.1", PUBLIC]],
    "public 4 with loopback 6": [[PUBLIC, "::1"]],
    "mapped 6": [["::ffff:10.0.0.1"]],
    "with a zone": [["fe80::1%eth0"]],
    "public with a zone": [[f"{PUBLIC_6}%eth0"]],
    "no address": [[]],
    "no address at all": [["not an address"]],
    "a path for a socket": [["/var/run/docker.sock"]],
    "private in the end of many": [[f"93.184.215.{last}" for last in range(100)] + ["10.0.0.1"]],
}

# Where a public site redirects to.
LOCATIONS = {
    "loopback": "http://127.0.0.1/",
    "metadata": "http://169.254.169.254/latest/meta-data/iam/security-credentials/",
    "without a scheme": "//127.0.0.1/",
    "decimal": "http://2130706433/",
    "mapped": "http://[::ffff:169.254.169.254]/",
    "user name": "http://public.example@127.0.0.1/",
    "file": "file:///proc/self/environ",
    "gopher": "gopher://127.0.0.1/_x",
    "another port": "http://public.example:6379/",
    "https to loopback": "https://127.0.0.1/",
    "a name for loopback": "http://internal.example/",
    "no URL": "http://[::1",
    "full-width digits": "http://１２７.0.0.1/",  # noqa: RUF001 - the test is about such characters
    "backslashes": "http:\\\\127.0.0.1\\",
    "huge": "/" + "a" * 20_000,
}


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """Return a network whose public site has a photo."""
    with network(monkeypatch, {"/": response(body=b"photo")}) as built:
        built.names["internal.example"] = [["10.0.0.1"]]
        yield built


def refuse(net: Network, url: str, credentials: Credentials | None = None) -> str:
    """Check that a URL is refused at once, and that neither it nor a callback goes anywhere."""
    fetcher = GuardedFetcher(resolve=net.resolve, total_seconds=5)
    with pytest.raises(FetchFailedError) as refused:
        fetcher.fetch(url, credentials=credentials, max_bytes=10_000)
    assert refused.value.reason == "fetch_failed"
    assert net.canary.requests == []
    assert set(net.connected) <= {PUBLIC, PUBLIC_6}
    return str(refused.value)


def refuse_callback(net: Network, url: str) -> None:
    """Check that nothing is posted to a URL."""
    fetcher = GuardedFetcher(resolve=net.resolve, total_seconds=5)
    with pytest.raises(FetchFailedError):
        fetcher.post(url, b"{}", headers={})
    assert net.canary.requests == []
    assert net.connected == []


def test_there_are_many_tricks() -> None:
    assert len(HOSTS) + len(URLS) + len(ANSWERS) + len(LOCATIONS) >= 60


def test_the_canary_would_notice(net: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the guard, the tricks work: the tests below prove something."""
    monkeypatch.setattr(pinned_connections, "choose_addresses", lambda *_, **__: ["127.0.0.1"])
    fetcher = GuardedFetcher(resolve=net.resolve)
    assert b"secret" in fetcher.fetch("http://2130706433/", credentials=None, max_bytes=10_000)
    assert len(net.canary.requests) == 1


@pytest.mark.parametrize("host", HOSTS.values(), ids=HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_host_in_disguise(net: Network, scheme: str, host: str) -> None:
    refuse(net, f"{scheme}://{host}/")
    refuse_callback(net, f"{scheme}://{host}/")
    assert net.site.requests == []


@pytest.mark.parametrize("url", URLS.values(), ids=URLS)
def test_a_url_that_can_be_read_in_two_ways(net: Network, url: str) -> None:
    refuse(net, url)
    refuse_callback(net, url)
    assert net.site.requests == []


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_a_name_that_leads_inside(net: Network, answers: list[list[str]]) -> None:
    net.names["tricky.example"] = answers
    refuse(net, "http://tricky.example/")
    assert net.connected == []


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
@pytest.mark.parametrize("status", [301, 303, 307])
def test_a_redirect_that_leads_inside(net: Network, status: int, location: str) -> None:
    net.site.answers["/a"] = redirect(location, status)
    refuse(net, "http://public.example/a")
    assert len(net.site.requests) == 1


def test_a_redirect_at_the_end_of_a_chain(net: Network) -> None:
    for step in range(4):
        net.site.answers[f"/{step}"] = redirect(f"/{step + 1}")
    net.site.answers["/4"] = redirect("http://127.0.0.1/")
    refuse(net, "http://public.example/0")
    assert len(net.site.requests) == 5


def test_a_callback_follows_no_redirect(net: Network) -> None:
    net.site.answers["/hook"] = redirect("http://127.0.0.1/", 307)
    fetcher = GuardedFetcher(resolve=net.resolve)
    assert fetcher.post("http://public.example/hook", b"{}", headers={}) == 307
    assert net.canary.requests == []


class TestNamesThatChange:
    """DNS rebinding: the address that was checked is the one connected to."""

    def test_a_name_is_looked_up_once_for_a_connection(self, net: Network) -> None:
        net.names["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
        fetcher = GuardedFetcher(resolve=net.resolve)
        url = "http://rebind.example/"
        assert fetcher.fetch(url, credentials=None, max_bytes=100) == b"photo"
        assert net.looked_up == ["rebind.example"]
        assert net.connected == [PUBLIC]

    def test_a_name_that_turns_private_is_refused_at_its_redirect(self, net: Network) -> None:
        net.names["rebind.example"] = [[PUBLIC], ["127.0.0.1"]]
        net.site.answers["/a"] = redirect("/b")
        refuse(net, "http://rebind.example/a")
        assert net.connected == [PUBLIC]

    def test_a_name_that_turns_private_is_refused_at_the_next_try(self, net: Network) -> None:
        net.names["rebind.example"] = [[PUBLIC], ["169.254.169.254"]]
        net.site.answers["/a"] = response(status=503)
        assert "public" in refuse(net, "http://rebind.example/a")

    def test_the_next_address_of_a_name_is_a_checked_one(
        self, net: Network, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A host that does not answer at its first address makes no second look-up."""
        net.names["rebind.example"] = [[PUBLIC, PUBLIC_6], ["127.0.0.1"]]
        fetcher = GuardedFetcher(resolve=net.resolve)
        fetched = fetcher.fetch("http://rebind.example/", credentials=None, max_bytes=100)
        assert fetched == b"photo"
        assert net.looked_up == ["rebind.example"]


def test_names_in_other_scripts_are_looked_up_in_their_encoded_form(net: Network) -> None:
    net.names["xn--fto-gna.example"] = [[PUBLIC]]
    fetcher = GuardedFetcher(resolve=net.resolve)
    assert fetcher.fetch("http://fóto.example/", credentials=None, max_bytes=100) == b"photo"
    assert b"Host: xn--fto-gna.example\r\n" in net.site.requests[0]


def test_a_proxy_in_the_environment_is_not_used(
    net: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{net.canary.port}")
    fetcher = GuardedFetcher(resolve=net.resolve)
    assert fetcher.fetch("http://public.example/", credentials=None, max_bytes=100) == b"photo"
    assert net.canary.requests == []
