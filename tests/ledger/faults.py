"""Kill a process between any two of its calls to the outside world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leanpix.services import engine_port, ports


class ProcessDied(BaseException):
    """The death of the process. No `Exception`: no code of ours may survive it."""


def ports_of(*modules: Any) -> dict[str, tuple[str, ...]]:
    """Return the methods of every port, inherited ones too, by the port's name."""
    found: dict[str, list[type]] = {}
    for module in modules or (ports, engine_port):
        for name, port in vars(module).items():
            if getattr(port, "_is_protocol", False) and port.__module__ == module.__name__:
                bases = [base for base in port.__mro__ if base.__module__ == module.__name__]
                found[name] = bases
    return {
        name: tuple(sorted({m for base in bases for m in vars(base) if not m.startswith("_")}))
        for name, bases in found.items()
    }


@dataclass
class Faults:
    """A count of the calls to ports that kills the process at one of them."""

    countdown: int = -1
    after: bool = False
    target: str | None = None
    """Only this call counts, where given: `Jobs.create`."""
    error: type[Exception] | None = None
    """What the call raises in place of the process's death: a failure that is survived."""
    seen: set[str] = field(default_factory=set)
    has_struck: bool = False

    def arm(
        self,
        countdown: int,
        *,
        after: bool,
        target: str | None = None,
        error: type[Exception] | None = None,
    ) -> None:
        """Strike at the call after `countdown` others, before or after its effect."""
        self.countdown, self.after, self.target = countdown, after, target
        self.error, self.has_struck = error, False

    def disarm(self) -> None:
        """Let all calls pass."""
        self.countdown = -1

    def call(self, name: str, function: Callable[[], Any]) -> Any:
        """Make a call, or die."""
        self.seen.add(name)
        strikes = False
        if self.countdown >= 0 and self.target in {None, name}:
            strikes = self.countdown == 0
            self.countdown -= 1
        if strikes and not self.after:
            self._strike()
        result = function()
        if strikes:
            self._strike()
        return result

    def _strike(self) -> None:
        self.has_struck = True
        raise (self.error or ProcessDied)


class Faulty:
    """A wrapper of a port that counts its calls."""

    def __init__(self, port: str, inner: Any, faults: Faults) -> None:
        """Take the port's name and whoever gives it."""
        self._port = port
        self._inner = inner
        self._faults = faults
        self._methods = ports_of()[port]

    def __getattr__(self, method: str) -> Any:
        """Return a method of the port, counted."""
        function = getattr(self._inner, method)
        if method not in self._methods:
            return function

        def call(*arguments: Any, **named: Any) -> Any:
            return self._faults.call(
                f"{self._port}.{method}", lambda: function(*arguments, **named)
            )

        return call
