"""Build the console: fetch its libraries by the lock file, and give each file a name for ever.

    python layers/console.py

`console/package-lock.json` names each library with the hash of its archive; npm's registry serves
it. Each file's name gets a digest of its content, and whoever names the file names it so. There is
no bundler: what the browser loads are the modules of `console/src` and of the libraries, with
their imports rewritten. The result is a package, `leanpix_console`, that the function `docs`
serves. Standard library only.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import sys
import tarfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
CONSOLE: Final = ROOT / "console"
BUILT: Final = ROOT / "build" / "console"
PACKAGE: Final = BUILT / "python" / "leanpix_console"
DIGEST: Final = BUILT / "console.digest"
ARCHIVES: Final = ROOT / "build" / "npm"

LIBRARIES: Final[Mapping[str, tuple[str, str, str]]] = {
    "preact": ("preact.js", "preact", "dist/preact.mjs"),
    "preact/hooks": ("preact-hooks.js", "preact", "hooks/dist/hooks.mjs"),
    "htm": ("htm.js", "htm", "dist/htm.module.js"),
    "@preact/signals-core": (
        "signals-core.js",
        "@preact/signals-core",
        "dist/signals-core.module.js",
    ),
    "@preact/signals": ("signals.js", "@preact/signals", "dist/signals.module.js"),
    "img-comparison-slider": ("slider.js", "img-comparison-slider", "dist/index.js"),
    "client-zip": ("client-zip.js", "client-zip", "index.js"),
    "uplot": ("uplot.js", "uplot", "dist/uPlot.iife.min.js"),
}
"""The name of a module in an import, with our file for it, its package and its file there."""
_ASSETS: Final = {
    "swagger-ui-bundle.js": ("swagger-ui-dist", "swagger-ui-bundle.js"),
    "swagger-ui.css": ("swagger-ui-dist", "swagger-ui.css"),
}
"""Files that no module imports, each with its package and its file there."""
_ENDINGS: Final = {"uplot.js": "\nexport default uPlot;\n"}
_PAGE: Final = "index.html"
_LAZY: Final = frozenset({"jobs.js", "usage.js", "keys.js", "reference.js", "client-zip.js"})
"""Modules that are imported as they are needed, besides those that only these import."""
_IMPORT: Final = re.compile(r"""((?:\bfrom|\bimport)\s*\(?\s*)(["'])([^"'\n]+)\2""")
_NAMED: Final = re.compile(r"\{\{([\w.-]+)\}\}")
_SOURCE_MAP: Final = re.compile(r"\n?//# sourceMappingURL=\S+\s*$")
_DIGEST_CHARACTERS: Final = 10
_TIMEOUT_SECONDS: Final = 60
_REGISTRY: Final = "https://registry.npmjs.org"


class ConsoleError(Exception):
    """A console that cannot be built; the text is one line for the user."""


def main() -> int:
    """Build the console, unless it is there already."""
    try:
        if not is_built():
            print("  console", flush=True)
            build()
    except (ConsoleError, urllib.error.URLError, OSError) as error:
        print(f"console: {error}", file=sys.stderr)
        return 1
    return 0


def is_built() -> bool:
    """Return whether what was built is what the sources say."""
    return DIGEST.is_file() and DIGEST.read_text("ascii") == fingerprint()


def fingerprint() -> str:
    """Return the digest of everything that goes into the console."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for path in sorted([*CONSOLE.glob("package*.json"), *(CONSOLE / "src").iterdir()]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def build() -> None:
    """Write the package with every file under its own name, and compressed beside it."""
    texts = {path.name: path.read_text("utf-8") for path in (CONSOLE / "src").iterdir()}
    texts |= {
        file: _SOURCE_MAP.sub("\n", fetch_file(package, member)) + _ENDINGS.get(file, "")
        for file, package, member in LIBRARIES.values()
    }
    texts |= {
        file: _SOURCE_MAP.sub("\n", fetch_file(package, member))
        for file, (package, member) in _ASSETS.items()
    }
    names = Names(texts)
    page = names.rewrite(_PAGE).replace("{{preload}}", names.preload())
    DIGEST.unlink(missing_ok=True)
    shutil.rmtree(PACKAGE, ignore_errors=True)
    PACKAGE.mkdir(parents=True)
    (PACKAGE / "__init__.py").write_text('"""The files of the console."""\n', "utf-8")
    for name in sorted(set(texts) - {_PAGE}):
        _write(names.of(name), names.rewritten[name])
    _write(_PAGE, page)
    licences = "\n".join(f"{package} {licence}" for package, licence in sorted(_licences()))
    (PACKAGE / "LICENCES.txt").write_text(licences + "\n", "utf-8")
    DIGEST.write_text(fingerprint(), "ascii")


class Names:
    """The names of files, which follow from their contents and those of the files they name."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        """Take the files' texts."""
        self._texts = texts
        self._names: dict[str, str] = {}
        self.rewritten: dict[str, str] = {}
        self._open: list[str] = []

    def of(self, file: str) -> str:
        """Return the name of a file with its digest.

        Raises:
            ConsoleError: there is no such file, or files name one another in a circle.
        """
        if file not in self._names:
            if file not in self._texts or file in self._open:
                message = f"{self._open[-1:]} names {file}, which is not there or names it"
                raise ConsoleError(message)
            self._open.append(file)
            self.rewritten[file] = text = self.rewrite(file)
            self._open.pop()
            stem, _, suffix = file.rpartition(".")
            digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]
            self._names[file] = f"{stem}.{digest}.{suffix}"
        return self._names[file]

    def rewrite(self, file: str) -> str:
        """Return a file's text with the names of the others in it."""
        text = self._texts[file]
        prefix = "console/" if file == _PAGE else "./"
        if file != _PAGE and file.endswith(".js") and file not in _ASSETS:
            text = _IMPORT.sub(self._import, text)
        return _NAMED.sub(
            lambda found: found[0] if found[1] == "preload" else prefix + self.of(found[1]),
            text,
        )

    def preload(self) -> str:
        """Return the links by which the browser loads all modules of the first view at once."""
        found = dict.fromkeys(self._needed("main.js"))
        return "\n".join(
            f'<link rel="modulepreload" href="console/{self.of(file)}">' for file in found
        )

    def _needed(self, file: str) -> Iterator[str]:
        yield file
        for found in _IMPORT.finditer(self._texts[file]):
            other = _file_of(found[3])
            if other in self._texts and other not in _LAZY and "(" not in found[1]:
                yield from self._needed(other)

    def _import(self, found: re.Match[str]) -> str:
        file = _file_of(found[3])
        name = f"./{self.of(file)}" if file in self._texts else found[3]
        return f"{found[1]}{found[2]}{name}{found[2]}"


def _file_of(specifier: str) -> str:
    if specifier in LIBRARIES:
        return LIBRARIES[specifier][0]
    return specifier.removeprefix("./") if specifier.startswith("./") else ""


def _write(name: str, text: str) -> None:
    data = text.encode()
    (PACKAGE / name).write_bytes(data)
    # Without a time in it, so that the same sources make the same layer.
    (PACKAGE / f"{name}.gz").write_bytes(gzip.compress(data, 9, mtime=0))


def _lock() -> dict[str, Any]:
    packages: dict[str, Any] = json.loads((CONSOLE / "package-lock.json").read_text("utf-8"))[
        "packages"
    ]
    return packages


def _licences() -> Iterator[tuple[str, str]]:
    entries = _lock()
    used = {package for _, package, _ in LIBRARIES.values()}
    for package in used | {package for package, _ in _ASSETS.values()}:
        entry = entries[f"node_modules/{package}"]
        yield f"{package} {entry['version']}", str(entry.get("license", ""))


def fetch_file(package: str, member: str) -> str:
    """Return a file of a library."""
    with tarfile.open(fileobj=io.BytesIO(fetch(package).read_bytes())) as archive:
        file = archive.extractfile(f"package/{member}")
        if file is None:
            message = f"{package} has no {member}"
            raise ConsoleError(message)
        return file.read().decode()


def fetch(package: str) -> Path:
    """Return a library's archive, from npm's registry where it is not here yet.

    Raises:
        ConsoleError: it is not the one that the lock file names.
    """
    entry = _lock()[f"node_modules/{package}"]
    kind, _, expected = entry["integrity"].partition("-")
    path = ARCHIVES / f"{package.replace('/', '-').lstrip('@')}-{entry['version']}.tgz"
    if not path.is_file():
        registry = os.environ.get("NPM_CONFIG_REGISTRY", _REGISTRY).rstrip("/")
        url = f"{registry}/{package}/-/{package.rpartition('/')[2]}-{entry['version']}.tgz"
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310 - a registry's https
            data: bytes = answer.read()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_bytes(data)
        fresh.replace(path)
    found = base64.b64encode(hashlib.new(kind, path.read_bytes()).digest()).decode()
    if found != expected:
        path.unlink()
        message = f"the archive of {package} is not the one that the lock file names"
        raise ConsoleError(message)
    return path


if __name__ == "__main__":
    sys.exit(main())
