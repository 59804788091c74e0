"""Read the environment of a function once, and check it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from leanpix.contract import MIN_SAVED_PERCENT, RETENTION_DAYS, EnvironmentName

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingsError(Exception):
    """A variable that is missing or wrong; the text names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Typed access to the environment of a function.

    A function gets only what it needs, so each value is checked when it is first asked for,
    which is while the function starts.
    """

    environment: Mapping[str, str]

    @property
    def base_url(self) -> str:
        """The URL under which clients reach the API, without a slash at the end."""
        return self._text(EnvironmentName.BASE_URL).rstrip("/")

    @property
    def store_url(self) -> str:
        """The URL under which browsers reach the object store."""
        # AWS's own variable, where an emulator stands for it ("Service-specific endpoints").
        emulated = self.environment.get("AWS_ENDPOINT_URL")
        return emulated or self._text(EnvironmentName.STORE_URL)

    @property
    def stack_name(self) -> str:
        """The name of the stack that the function is in."""
        return self._text(EnvironmentName.STACK_NAME)

    @property
    def site_url(self) -> str:
        """The operator's site, without a slash at the end."""
        return self._text(EnvironmentName.SITE_URL).rstrip("/")

    @property
    def jobs_table(self) -> str:
        """The name of the jobs table."""
        return self._text(EnvironmentName.JOBS_TABLE)

    @property
    def keys_table(self) -> str:
        """The name of the keys table."""
        return self._text(EnvironmentName.KEYS_TABLE)

    @property
    def accounts_table(self) -> str:
        """The name of the accounts table."""
        return self._text(EnvironmentName.ACCOUNTS_TABLE)

    @property
    def bucket(self) -> str:
        """The name of the bucket that holds uploads and results."""
        return self._text(EnvironmentName.BUCKET)

    @property
    def images_queue_url(self) -> str:
        """The URL of the queue in front of the optimizer."""
        return self._text(EnvironmentName.IMAGES_QUEUE_URL)

    @property
    def callbacks_queue_url(self) -> str:
        """The URL of the queue of callbacks."""
        return self._text(EnvironmentName.CALLBACKS_QUEUE_URL)

    @property
    def callbacks_dead_letter_queue_url(self) -> str:
        """The URL of the queue of callbacks that no try delivered."""
        return self._text(EnvironmentName.CALLBACKS_DEAD_LETTER_QUEUE_URL)

    @property
    def integration_timeout_seconds(self) -> int:
        """The time after which API Gateway gives up on a function."""
        return self._whole(EnvironmentName.INTEGRATION_TIMEOUT_SECONDS, least=3)

    @property
    def retention_days(self) -> int:
        """The number of days for which results can be downloaded."""
        return self._whole(EnvironmentName.RETENTION_DAYS, least=1, default=RETENTION_DAYS)

    @property
    def min_saved_percent(self) -> int:
        """The smallest saving that makes a result."""
        return self._whole(EnvironmentName.MIN_SAVED_PERCENT, least=0, default=MIN_SAVED_PERCENT)

    @property
    def may_fetch_loopback(self) -> bool:
        """True where the fetcher may reach 127.0.0.1: in the local cloud alone.

        The variable is in no template, and it counts only where AWS itself is on loopback.
        """
        endpoint = self.environment.get("AWS_ENDPOINT_URL", "")
        is_local_cloud = endpoint.startswith(("http://127.0.0.1:", "http://localhost:"))
        return is_local_cloud and self.environment.get(EnvironmentName.FETCH_ALLOW_LOOPBACK) == "1"

    def _text(self, name: EnvironmentName) -> str:
        value = self.environment.get(name, "")
        if not value:
            message = f"the environment variable {name} is not set"
            raise SettingsError(message)
        return value

    def _whole(self, name: EnvironmentName, *, least: int, default: int | None = None) -> int:
        if default is not None and not self.environment.get(name):
            return default
        text = self._text(name)
        if not text.isdecimal() or int(text) < least:
            message = f"{name} must be a whole number from {least} on, not {text!r}"
            raise SettingsError(message)
        return int(text)
