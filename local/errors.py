"""What can go wrong with the local cloud, told in one line that says what to do."""

from __future__ import annotations


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked; the text is one line for a person."""


class MissingPrerequisiteError(LocalCloudError):
    """Something that ``make setup`` provides is not there."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is missing: run `make setup` first.")


class PortInUseError(LocalCloudError):
    """Another program listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(
            f"Port {port} of 127.0.0.1 is in use: stop the program that uses it, or choose"
            " another with --port (PORT=… for make serve)."
        )


class AlreadyRunningError(LocalCloudError):
    """A local cloud with the same state runs already."""

    def __init__(self, pid: int | None) -> None:
        who = f" (process {pid})" if pid else ""
        super().__init__(f"A local cloud already runs in this checkout{who}: stop it first.")


class EmulatorError(LocalCloudError):
    """The emulated AWS did not start or ended by itself."""


class DeploymentError(LocalCloudError):
    """The stack could not be deployed into the emulated AWS."""
