"""Errors of the local cloud, each one line that says what to do."""

from __future__ import annotations


class LocalCloudError(Exception):
    """A failure of the local cloud; the text is one line for a person."""


class MissingPrerequisiteError(LocalCloudError):
    """A prerequisite that `make setup` provides and that is not there."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is missing: run `make setup` first.")


class PortInUseError(LocalCloudError):
    """A port that another program listens on."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} of 127.0.0.1 is in use: stop the program that uses it, or choose"
            " another with --port (PORT=… for make serve)."
        )


class AlreadyRunningError(LocalCloudError):
    """A local cloud that runs already with the same state."""

    def __init__(self, pid: int | None) -> None:
        who = f" (process {pid})" if pid else ""
        super().__init__(f"A local cloud already runs in this checkout{who}: stop it first.")


class EmulatorError(LocalCloudError):
    """An emulated AWS that did not start, or ended by itself."""


class DeploymentError(LocalCloudError):
    """A stack that could not be deployed into the emulated AWS."""
