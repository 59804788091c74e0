"""Read a URL that a stranger names once, so that the checked parts are the ones connected to.

Two parsers that read one URL differently let a check be bypassed, so a request is made of these
parts and never of the URL's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urljoin, urlsplit

from leanpix.contract import MAX_REDIRECT_CHARACTERS

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_LAST_CONTROL: Final = 0x1F
_DELETE: Final = 0x7F
# RFC 3986 §3.3 and §3.4: what stands in a path or query as it is; the percent sign begins what is
# encoded already.
_TARGET_CHARACTERS: Final = "%/:@!$&'()*+,;=-._~?[]"


class AddressInvalidError(Exception):
    """A URL is no plain web address; the text says why."""


class CredentialsInAddressError(AddressInvalidError):
    """A URL carries a user name or a password."""


class PortRefusedError(AddressInvalidError):
    """A URL has a port that is not fetched from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebAddress:
    """The parts of a URL that a request needs."""

    scheme: str
    host: str
    """The host in ASCII; an international name is in its encoded form (RFC 3490)."""
    port: int
    target: str
    """The path and the query."""

    @property
    def authority(self) -> str:
        """The value of the Host header (RFC 9110 §7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    def resolve(self, reference: str, *, any_port: bool) -> WebAddress:
        """Return the address that a redirect leads to.

        Raises:
            AddressInvalidError: the redirect leads to no plain web address.
        """
        try:
            url = urljoin(f"{self.scheme}://{self.authority}{self.target}", reference)
        except ValueError:
            raise AddressInvalidError(_NOT_VALID) from None
        return parse_address(url, any_port=any_port)

    def may_keep_credentials(self, other: WebAddress) -> bool:
        """Return whether credentials for this address may go to another one as well.

        They may within the same origin, and from http to https on the same host (RFC 9110 §15.4).
        """
        if self.host != other.host:
            return False
        if (self.scheme, self.port) == (other.scheme, other.port):
            return True
        is_upgrade = (self.scheme, other.scheme) == ("http", "https")
        return is_upgrade and (self.port, other.port) == (80, 443)


_NOT_VALID: Final = "the URL is not valid"


def parse_address(url: str, *, any_port: bool = False) -> WebAddress:
    """Return the address that a URL names.

    Args:
        url: the URL.
        any_port: allows ports other than 80 and 443, as the local cloud does.

    Raises:
        AddressInvalidError: the URL can never be fetched.
    """
    if len(url) > MAX_REDIRECT_CHARACTERS:
        message = f"the URL has more than {MAX_REDIRECT_CHARACTERS:,} characters"
        raise AddressInvalidError(message)
    # urlsplit drops line breaks and tabs, and browsers read a backslash as a slash.
    if any(ord(char) <= _LAST_CONTROL or ord(char) == _DELETE or char == "\\" for char in url):
        raise AddressInvalidError(_NOT_VALID)
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise AddressInvalidError(_NOT_VALID) from None
    if parts.scheme not in DEFAULT_PORTS or not host:
        message = "the URL must begin with http:// or https:// and name a host"
        raise AddressInvalidError(message)
    if "@" in parts.netloc:
        message = "the URL must not carry a user name or password"
        raise CredentialsInAddressError(message)
    if port not in {None, *DEFAULT_PORTS.values()} and not any_port:
        message = "the URL's port must be 80 or 443"
        raise PortRefusedError(message)
    target = quote(parts.path or "/", safe=_TARGET_CHARACTERS)
    if parts.query:
        target += "?" + quote(parts.query, safe=_TARGET_CHARACTERS)
    return WebAddress(
        scheme=parts.scheme,
        host=_to_ascii(host),
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        target=target,
    )


def _to_ascii(host: str) -> str:
    """Return a host in lower-case ASCII; full-width digits and dots become plain ones."""
    try:
        encoded = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        raise AddressInvalidError(_NOT_VALID) from None
    # RFC 3986 §3.2.2 without percent-encoding and zones: what no resolver needs may hide a host.
    if not encoded or not all(char.isalnum() or char in "-._:" for char in encoded):
        raise AddressInvalidError(_NOT_VALID)
    return encoded.lower()
