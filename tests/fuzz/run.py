"""Fuzz one target, guided by coverage, for as long as one likes.

    python -m tests.fuzz.run probe 600

Needs atheris, the dependency group `fuzz`. What it finds of interest stays in build/fuzz/<target>
and is where the next run begins; an input that breaks something is written there as crash-….
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

CORPORA = Path("build/fuzz")
MAX_INPUT_BYTES = 16_384
MAX_SECONDS_PER_INPUT = 5
MAX_MEGABYTES = 1_024


def main(name: str, seconds: str) -> None:
    """Fuzz the target for so many seconds."""
    # What is watched is what is first imported in here.
    with atheris.instrument_imports(include=["leanpix", "leanpix_engine", "multipart"]):
        from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - imported under the instrumentation
    target = TARGETS[name]
    corpus = CORPORA / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = CORPORA / f"{name}.dict"
    words.write_text(
        "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in target.words),
        encoding="ascii",
    )
    options = {
        "max_total_time": seconds,
        "max_len": MAX_INPUT_BYTES,
        "timeout": MAX_SECONDS_PER_INPUT,
        "rss_limit_mb": MAX_MEGABYTES,
        "dict": words,
        "artifact_prefix": f"{corpus}/",
        "print_final_stats": 1,
    }
    arguments = [f"-{key}={value}" for key, value in options.items()]
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], target.run)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
