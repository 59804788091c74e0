"""Test Tinify's clients in other languages over TLS, with their endpoint changed alone.

Node.js runs in the suite, its client from npm. PHP and Ruby run by `make clients`, where their
clients can be had: from Packagist by composer, from RubyGems by gem.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from PIL import Image

from tests.e2e.tinify_images import HEIGHT, OWNER, WIDTH, make_logo, read_size
from tools.lint_workflows import find_beside_node

if TYPE_CHECKING:
    from collections.abc import Callable

    from leanpix_cli.local_setup import LocalAccount
    from tests.api import Site
    from tests.tls_proxy import SecureSite

HERE: Final = Path(__file__).resolve().parent / "clients"
HOME: Final = Path(__file__).resolve().parent.parent.parent / "build" / "clients"
"""The clients, each installed once."""
NODE_CLIENT: Final = "tinify@1.8.3"
PHP_CLIENT: Final = "tinify/tinify:1.6.4"
RUBY_CLIENT: Final = "tinify:1.7.1"
ALL_CLIENTS: Final = "LEANPIX_ALL_CLIENTS"
"""The variable with which `make clients` asks for all languages."""
LOGO: Final = make_logo()
SIZES: Final = {
    "file.png": (WIDTH, HEIGHT),
    "buffer.png": (WIDTH, HEIGHT),
    "url.png": (WIDTH, HEIGHT),
    "scale.png": (50, 8),
    "fit.png": (50, 8),
    "cover.png": (30, 20),
    "thumb.png": (20, 20),
    "convert.webp": (WIDTH, HEIGHT),
    "background.jpg": (WIDTH, HEIGHT),
    "preserve.png": (WIDTH, HEIGHT),
}


def install(folder: Path, command: list[str], found: Path) -> None:
    """Install a client where it is not there yet."""
    if found.exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the client cannot be had: {done.stderr.strip().splitlines()[-1:]}")


def node() -> tuple[list[str], dict[str, str]]:
    """Return the command for the client of Node.js, and its environment."""
    folder = HOME / "node"
    npm = [find_beside_node("npm"), "install", "--ignore-scripts", "--no-audit", "--no-fund"]
    install(folder, [*npm, "--prefix", str(folder), NODE_CLIENT], folder / "node_modules/tinify")
    script = shutil.copy(HERE / "tinify.cjs", folder)
    return [find_beside_node("node"), str(script)], {}


def php() -> tuple[list[str], dict[str, str]]:
    """Return the command for the client of PHP, and its environment."""
    only_by_make_clients("php")
    folder, client = HOME / "php", HOME / "php" / "vendor/tinify/tinify"
    if not client.exists():
        needs("composer")
    install(folder, ["composer", "require", "--no-interaction", PHP_CLIENT], client)
    return ["php", str(HERE / "tinify.php")], {"LEANPIX_CLIENT": str(client)}


def ruby() -> tuple[list[str], dict[str, str]]:
    """Return the command for the client of Ruby, and its environment."""
    only_by_make_clients("ruby")
    folder = HOME / "ruby"
    install(
        folder,
        ["gem", "install", "--no-document", "--install-dir", str(folder), RUBY_CLIENT],
        folder / "gems",
    )
    return ["ruby", str(HERE / "tinify.rb")], {"GEM_PATH": str(folder)}


def only_by_make_clients(program: str) -> None:
    """Skip outside of `make clients`, and where a runtime is missing."""
    if not os.environ.get(ALL_CLIENTS):
        pytest.skip("run by make clients")
    needs(program)


def needs(program: str) -> None:
    """Skip where a program is missing."""
    if not shutil.which(program):
        pytest.skip(f"{program} is not installed")


@pytest.mark.parametrize("client", [node, php, ruby], ids=["node", "php", "ruby"])
def test_a_client_works_unchanged(
    client: Callable[[], tuple[list[str], dict[str, str]]],
    secure: SecureSite,
    account: LocalAccount,
    site: Site,
    tmp_path: Path,
) -> None:
    command, more = client()
    (tmp_path / "logo.png").write_bytes(LOGO)
    site.pages["/logo.png"] = LOGO
    environment = {
        "LEANPIX_URL": secure.url,
        "LEANPIX_KEY": account.api_key,
        "LEANPIX_AUTHORITY": str(secure.authority),
        "LEANPIX_SITE": site.url,
        "LEANPIX_FOLDER": str(tmp_path),
        **more,
    }
    done = subprocess.run(
        command,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert told == {
        "count_of_validate": 0,
        "count_of_shrink": 1,
        "count_of_preserve": 0,
        "transparent_jpeg": "ClientError 400",
        "broken": "ClientError 400",
        "no_image": "ClientError 415",
        "wrong_key": "AccountError 401",
    }
    files = {name: (tmp_path / name).read_bytes() for name in SIZES}
    assert {name: read_size(data) for name, data in files.items()} == SIZES
    assert len(files["file.png"]) < len(LOGO) / 2
    assert OWNER.encode() not in files["file.png"]
    assert OWNER.encode() in files["preserve.png"]
    assert files["convert.webp"][:4] + files["convert.webp"][8:12] == b"RIFFWEBP"
    with Image.open(io.BytesIO(files["background.jpg"])) as image:
        red, *others = image.convert("RGB").getpixel((0, 0))  # type: ignore[misc]  # three numbers
    assert red > 240
    assert max(others) < 15
