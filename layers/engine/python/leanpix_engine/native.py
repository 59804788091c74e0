"""Find the engine's C, load it, and guard its calls.

`layers/native.py` compiles `layers/engine/native` into one library for each processor, in a
folder `leanpix_native` of the module path: a Lambda layer, or `build/` on a developer's machine.
Without it, `available()` is false and all that it does is done in numpy, only slower. Calls
release the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import platform
import sys
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy.typing as npt

_PACKAGE = "leanpix_native"
_ENDING = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
_MACHINES = {"arm64": "aarch64", "ARM64": "aarch64", "AMD64": "x86_64"}
"""The names of processors by macOS and Windows, in Linux's words."""
_OK, _OUT_OF_MEMORY, _NO_ROOM, _BROKEN = 0, 1, 2, 3
# What x86-64-v3 has over the first x86-64 (System V ABI, "micro-architecture levels"), by the
# kernel's names; it names only what it also saves on a task switch.
_X86_64_V3 = frozenset(
    {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe", "sse4_2", "popcnt"}
)


class NoRoom(RuntimeError):
    """A result of C that does not fit into its array."""


class Broken(RuntimeError):
    """An input of C that is not what it should be."""


def available() -> bool:
    """Return True where the C runs, False where numpy does its work."""
    return _library() is not None


def function(name: str, *arguments: Any) -> Callable[..., None]:
    """Return a function of the library, by the ctypes of its arguments.

    Raises:
        RuntimeError: the library is not `available`.

    The function itself raises MemoryError when it runs out of it, NoRoom, and Broken.
    """
    library = _library()
    if library is None:
        message = "the engine's native library is not there; run `make setup`"
        raise RuntimeError(message)
    found = library[name]
    found.argtypes = arguments
    found.restype = ctypes.c_int

    def call(*values: Any) -> None:
        outcome = found(*values)
        if outcome == _OUT_OF_MEMORY:
            raise MemoryError
        if outcome == _NO_ROOM:
            raise NoRoom
        if outcome == _BROKEN:
            raise Broken
        if outcome != _OK:
            message = f"{name} returned {outcome}"
            raise RuntimeError(message)

    return call


def address(array: npt.NDArray[Any], dtype: npt.DTypeLike, shape: tuple[int, ...]) -> int:
    """Return where the elements of `array` begin, once they are known to be what C expects.

    Whoever calls keeps the array until C is done with it.

    Raises:
        ValueError: another type or shape, or elements that do not follow one another.
    """
    import numpy as np  # noqa: PLC0415 - a child process that needs none starts in half the time

    expected = np.dtype(dtype)
    if array.dtype != expected or array.shape != shape or not array.flags.c_contiguous:
        message = f"expected {shape} of {expected} in one piece, got {array.shape} {array.dtype}"
        raise ValueError(message)
    return array.ctypes.data


@cache
def _library() -> ctypes.CDLL | None:
    name = _variant()
    for folder in _folders():
        path = folder / f"{name}{_ENDING}"
        if path.is_file():
            try:
                return ctypes.CDLL(str(path))
            except OSError:
                return None  # another C library than the GNU one, say
    return None


def _folders() -> list[Path]:
    spec = find_spec(_PACKAGE)
    locations = spec.submodule_search_locations if spec else None
    return [Path(location) for location in locations or ()]


def _variant() -> str:
    """Return the name of the library for this processor."""
    machine = _MACHINES.get(platform.machine(), platform.machine())
    if machine != "x86_64" or sys.platform != "linux":
        return machine
    return "x86_64_v3" if _cpu_flags() >= _X86_64_V3 else "x86_64"


def _cpu_flags() -> frozenset[str]:
    try:
        with Path("/proc/cpuinfo").open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                if line.startswith("flags"):
                    return frozenset(line.partition(":")[2].split())
    except OSError:
        pass
    return frozenset()
