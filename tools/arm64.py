"""Run the code that Lambda gets: the built arm64 layers, every format, level and child process.

    make arm64                  under user-mode emulation where this machine is no arm64 Linux

Each image is optimized by the layers of this machine and by those of Lambda. What they make must
be the same bytes, or of the same score where colour arithmetic differs. Then every function's
handler is imported, from its own bundle. It needs Linux, root and Debian's packages debootstrap
and, where the machine is no arm64, qemu-user-static. Where those are missing it says so and ends
with 0.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image

from infra.bundles import Bundle, link_runtime, read_bundles
from infra.synth import synthesize

ROOT = Path(__file__).resolve().parent.parent
PROBE = ROOT / "tools" / "arm64_probe.py"
HOME = ROOT / "build" / "arm64"
SYSTEM = ROOT / ".tools" / "arm64"
"""Debian's own Python 3.13 for arm64, kept from one run to the next."""
MIRROR = "http://deb.debian.org/debian"
PACKAGES = "python3.13,libstdc++6,zlib1g"
BINFMT = Path("/proc/sys/fs/binfmt_misc")
BINFMT_LINE = Path("/usr/lib/binfmt.d/qemu-aarch64.conf")
PYTHON = "/usr/bin/python3.13"
BY_CHILDREN = (("photo.jpg", "lossless"), ("moving.gif", "lossless"), ("moving.gif", "high"))
"""Results that a child process makes: mozjpeg and gifsicle."""
SAME_SCORE = 0.3
"""By how much scores may differ where bytes do."""
SAME_SIZE_SHARE = 0.02
HANDLER_PROGRAM = "import handler; print(callable(handler.handler))"
REGION = {"AWS_DEFAULT_REGION": "eu-central-1", "AWS_REGION": "eu-central-1"}


Results = dict[tuple[str, str], dict[str, Any]]
Run = Callable[[list[str], list[str], Mapping[str, str]], str]


class SkipError(Exception):
    """A reason why this machine cannot do it."""


def main() -> int:
    """Compare both machines' results, import the handlers, and print a table."""
    try:
        check_machine()
    except SkipError as reason:
        print(f"arm64: skipped: {reason}")
        return 0
    started = time.monotonic()
    shutil.rmtree(HOME, ignore_errors=True)
    images = make_images(HOME / "task" / "images")
    bundles = unpack_bundles(HOME)
    with machine() as run:
        here = read_lines(run_here(images))
        print(f"arm64: {len(here)} results by the layers of {platform.machine()}", flush=True)
        path = python_path(bundles["optimizer"])
        there = read_lines(run(["/var/task/probe.py", "/var/task/images"], path, {}))
        wrong = compare(here, there)
        for name, bundle in bundles.items():
            answer = run(["-c", HANDLER_PROGRAM], python_path(bundle), bundle.environment)
            is_there = answer.strip() == "True"
            wrong += not is_there
            print(f"arm64: {name}: {'imported' if is_there else answer}", flush=True)
    seconds = time.monotonic() - started
    print(f"arm64: {'all as here' if not wrong else f'{wrong} WRONG'}, in {seconds:.0f} s")
    return min(1, wrong)


def check_machine() -> None:
    """Look for what this needs.

    Raises:
        SkipError: something is missing.
    """
    if not (ROOT / "build/layers/arm64/engine.digest").is_file():
        why = "the layers for Lambda are not built (`make setup`)"
        raise SkipError(why)
    if platform.system() != "Linux":
        why = "a chroot needs Linux"
        raise SkipError(why)
    if os.geteuid() != 0:
        why = "a chroot needs root"
        raise SkipError(why)
    programs = {"debootstrap": "debootstrap"}
    if not is_native():
        programs["qemu-user-static"] = "qemu-aarch64-static"
    missing = [package for package in programs if shutil.which(programs[package]) is None]
    if missing:
        why = f"the Debian packages {', '.join(missing)} are missing"
        raise SkipError(why)


def is_native() -> bool:
    """Return whether this machine is one as Lambda's."""
    return platform.machine() == "aarch64"


def make_images(folder: Path) -> Path:
    """Write a small image of each format, and of each kind that its codec treats apart."""
    folder.mkdir(parents=True)
    photo = Image.effect_mandelbrot((96, 64), (-2.2, -1.1, 1.1, 1.1), 60).convert("L")
    red, green = photo, photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    picture = Image.merge("RGB", (red, green, Image.linear_gradient("L").resize((96, 64))))
    alpha = Image.radial_gradient("L").resize((96, 64))
    picture.save(folder / "photo.jpg", quality=95)
    picture.convert("CMYK").save(folder / "cmyk.jpg", quality=95)
    picture.save(folder / "photo.png")
    Image.merge("RGBA", (*picture.split(), alpha)).save(folder / "alpha.png")
    picture.convert("P", palette=Image.Palette.ADAPTIVE, colors=32).save(folder / "palette.png")
    picture.save(folder / "photo.webp", quality=95)
    picture.save(folder / "photo.avif", quality=95)
    frames = [picture.rotate(10 * turn).convert("P") for turn in range(4)]
    frames[0].save(folder / "moving.gif", save_all=True, append_images=frames[1:], duration=80)
    frames[0].save(folder / "moving.png", save_all=True, append_images=frames[1:], duration=80)
    (folder / "drawing.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40">'
        '<!-- a comment --><rect x="1.000" y="1.000" width="20" height="20" fill="#ff0000"/></svg>'
    )
    return folder


def unpack_bundles(home: Path) -> dict[str, Bundle]:
    """Synthesize the stage for Lambda and lay its bundles out as Lambda does.

    A function's folder is `/var/task/<name>`, a layer's `/opt/<hash>`: they differ by function.
    """
    template = synthesize(home / "assembly", {})
    bundles = read_bundles(template)
    layers = {layer for bundle in bundles.values() for layer in bundle.layers}
    for layer in layers:
        shutil.copytree(layer, home / "opt" / layer.name, symlinks=True)
    for bundle in bundles.values():
        shutil.copytree(bundle.code, home / "task" / bundle.name)
    shutil.copy(PROBE, home / "task" / "probe.py")
    runtime = home / "links"
    runtime.mkdir()
    for path in link_runtime(runtime).iterdir():
        # Of pure Python, so that this machine's do.
        if path.is_dir():
            shutil.copytree(path, home / "runtime" / path.name)
        else:
            (home / "runtime").mkdir(exist_ok=True)
            shutil.copy(path, home / "runtime" / path.name)
    return bundles


def python_path(bundle: Bundle) -> list[str]:
    """Return where a function's Python looks for modules, inside."""
    layers = [f"/opt/{layer.name}/python" for layer in bundle.layers]
    return [f"/var/task/{bundle.name}", *layers, "/var/runtime"]


def run_here(images: Path) -> str:
    """Run the probe with this machine's layers."""
    done = subprocess.run(
        [sys.executable, str(PROBE), str(images)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"arm64: the probe fails here: {done.stderr[-800:]}")
    return done.stdout


@contextlib.contextmanager
def machine() -> Iterator[Run]:
    """Yield a way to run Python on an arm64 machine, real or emulated."""
    prepare_system()
    with contextlib.ExitStack() as after:
        for source, target in (
            ("/proc", "proc"),
            (HOME / "opt", "opt"),
            (HOME / "task", "var/task"),
            (HOME / "runtime", "var/runtime"),
        ):
            inside = SYSTEM / "root" / target
            inside.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "--bind", str(source), str(inside)], check=True)
            after.callback(subprocess.run, ["umount", "--lazy", str(inside)], check=False)
        if not is_native():
            register()
            after.callback(unregister)

        def run(arguments: list[str], path: list[str], environment: Mapping[str, str]) -> str:
            variables = {
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": ":".join(path),
                "LANG": "C.UTF-8",
                **REGION,
                **environment,
            }
            done = subprocess.run(
                [
                    *("chroot", str(SYSTEM / "root"), "/usr/bin/env", "-i"),
                    *(f"{name}={value}" for name, value in variables.items()),
                    *(PYTHON, *arguments),
                ],
                capture_output=True,
                text=True,
                check=False,
            )
            return done.stdout if done.returncode == 0 else f"fails: {done.stderr[-800:]}"

        yield run


def prepare_system() -> None:
    """Fetch Debian's packages for arm64 and unpack them; no package is set up or run."""
    root = SYSTEM / "root"
    if (root / PYTHON.lstrip("/")).exists():
        return
    shutil.rmtree(SYSTEM, ignore_errors=True)
    SYSTEM.mkdir(parents=True)
    fetched = SYSTEM / "fetched"
    command = ["debootstrap", "--arch=arm64", "--foreign", "--variant=minbase"]
    command += [f"--include={PACKAGES}", "trixie", str(fetched), MIRROR]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"arm64: debootstrap: {done.stdout[-500:]}")
    fresh = SYSTEM / "fresh"
    (fresh / "usr").mkdir(parents=True)
    for name in ("bin", "sbin", "lib"):
        (fresh / "usr" / name).mkdir()
        (fresh / name).symlink_to(f"usr/{name}")
    make_devices(fresh / "dev")
    for package in sorted((fetched / "var/cache/apt/archives").glob("*.deb")):
        subprocess.run(["dpkg", "-x", str(package), str(fresh)], check=True)
    shutil.rmtree(fetched)
    fresh.rename(root)


def make_devices(folder: Path) -> None:
    """Make the few devices that a program needs: this machine's stay out of a folder to delete."""
    folder.mkdir()
    for name, minor in (("null", 3), ("zero", 5), ("urandom", 9)):
        os.mknod(folder / name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))


def register() -> None:
    """Let the kernel start arm64 programs by qemu, which it opens now: chroots need no copy."""
    if not (BINFMT / "register").exists():
        subprocess.run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)], check=True)
    if not (BINFMT / "qemu-aarch64").exists():
        (BINFMT / "register").write_text(BINFMT_LINE.read_text().strip())


def unregister() -> None:
    """Undo `register`."""
    with contextlib.suppress(OSError):
        (BINFMT / "qemu-aarch64").write_text("-1")


def read_lines(text: str) -> Results:
    """Return the probe's results by image and way."""
    if text.startswith("fails:"):
        sys.exit(f"arm64: the probe {text}")
    entries = [json.loads(line) for line in text.splitlines()]
    return {(entry.pop("image"), entry.pop("way")): entry for entry in entries}


def compare(here: Results, there: Results) -> int:
    """Print a line for each result and return how many differ by more than they may."""
    wrong = 0
    for key in BY_CHILDREN:
        if "main" not in there.get(key, {}):
            wrong += 1
            print(f"arm64: {key[0]} {key[1]}: its child process made nothing")
    for key, expected in here.items():
        found = there.get(key)
        verdict = "same bytes" if found == expected else "DIFFERS"
        if verdict == "DIFFERS" and found is not None and is_as_good(expected, found):
            verdict = f"same score: {tell(expected)} here, {tell(found)} there"
        elif verdict == "DIFFERS":
            wrong += 1
            verdict += f": {expected} here, {found} there"
        print(f"arm64: {key[0]} {key[1]}: {verdict}", flush=True)
    return wrong


def tell(entry: Mapping[str, Any]) -> str:
    """Return the sizes and scores of a result."""
    return ", ".join(
        f"{entry[kind]['bytes']} bytes at {entry[kind]['score']}"
        for kind in ("main", "webp")
        if kind in entry
    )


def is_as_good(expected: Mapping[str, Any], found: Mapping[str, Any]) -> bool:
    """Return whether two results differ in arithmetic alone: nearly the same size and score."""
    if expected.keys() != found.keys() or expected.get("reason") != found.get("reason"):
        return False
    return all(
        abs(expected[kind]["bytes"] - found[kind]["bytes"])
        <= SAME_SIZE_SHARE * expected[kind]["bytes"]
        and abs((expected[kind]["score"] or 0) - (found[kind]["score"] or 0)) <= SAME_SCORE
        for kind in ("main", "webp")
        if kind in expected
    )


if __name__ == "__main__":
    sys.exit(main())
