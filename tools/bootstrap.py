"""Set up everything that the other commands need, for `make setup`.

Standard library only, since it runs before anything is installed. It brings uv, from PyPI, into
`.tools/`, and with it `.venv` (all of our own), `.venv-cloud` (the emulated AWS, apart) and
the Lambda layers in `build/layers`, everything from the lock file. What is up to date is left
alone, and then it takes a fraction of a second.

LEANPIX_PYTHON names the Python to develop with; otherwise that of an existing `.venv` stays, or
the best that is found is taken.
"""

# Must run, to say what is wrong, on a Python that is too old for the rest.
from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

UV_VERSION = "0.13.9"
OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
STAMP = TOOLS / "setup.stamp"
VENV = ROOT / ".venv"
CLOUD_VENV = ROOT / ".venv-cloud"
LAYERS = ROOT / "build" / "layers"

# What decides over the outcome.
INPUTS = (
    ROOT / "uv.lock",
    ROOT / "pyproject.toml",
    *sorted((ROOT / "layers").glob("*.py")),
    *sorted((ROOT / "layers" / "engine" / "native").rglob("*.[ch]")),
    *sorted((ROOT / "console").glob("package*.json")),
    *sorted((ROOT / "console" / "src").glob("*")),
    Path(__file__).resolve(),
)
OUTCOMES = (
    ROOT / "build" / "console" / "console.digest",
    VENV / "bin" / "python",
    VENV / "bin" / "leanpix",
    CLOUD_VENV / "bin" / "python",
    *(
        LAYERS / flavour / (layer + ".digest")
        for flavour in ("host", "arm64")
        for layer in ("shared", "engine", "native")
    ),
)

# The interpreter that the deployed functions run on comes first.
PREFERRED_PYTHONS = ("python3.13", "python3.12", "python3.14", "python3.11", "python3")

SYSTEM_CERTIFICATES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)


class SetupError(Exception):
    """A missing thing that this cannot bring; the text is one line for the user."""


def main() -> int:
    """Set up what is missing or stale."""
    started = time.monotonic()
    try:
        TOOLS.mkdir(exist_ok=True)
        if is_up_to_date():
            return 0
        with lock():
            if not is_up_to_date():
                set_up()
                print(f"setup: done in {time.monotonic() - started:.0f} s", flush=True)
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


def set_up() -> None:
    """Bring everything, in the order in which it is needed."""
    STAMP.unlink(missing_ok=True)
    python = choose_python()
    environment = uv_environment()
    uv = bring_uv(environment)

    say("installing packages into .venv")
    groups = () if has_node() else ("--group", "node")
    sync = (uv, "sync", "--quiet", "--frozen", "--python", python)
    run((*sync, *groups), {**environment, "UV_PROJECT_ENVIRONMENT": str(VENV)})

    say("installing the local cloud into .venv-cloud")
    run(
        (*sync, "--only-group", "cloud", "--no-install-project"),
        {**environment, "UV_PROJECT_ENVIRONMENT": str(CLOUD_VENV)},
    )

    say("building the Lambda layers")
    builder = (str(VENV / "bin" / "python"), str(ROOT / "layers" / "build.py"))
    run((*builder, "--flavour", "host", "--flavour", "arm64"), {**environment, "UV": uv})

    say("building the console")
    run((str(VENV / "bin" / "python"), str(ROOT / "layers" / "console.py")), environment)

    STAMP.write_text(fingerprint(), encoding="ascii")


# ----------------------------------------------------------------- up to date or not


def is_up_to_date() -> bool:
    """Return whether the last set-up still holds."""
    try:
        return STAMP.read_text(encoding="ascii") == fingerprint() and all(
            path.exists() for path in OUTCOMES
        )
    except OSError:
        return False


def fingerprint() -> str:
    """Return the hash of everything that decides over the outcome.

    The folder is part of it: scripts in a virtual environment hold its full path.
    """
    digest = hashlib.sha256(str(ROOT).encode())
    digest.update(os.environ.get("LEANPIX_PYTHON", "").encode())
    for path in INPUTS:
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextlib.contextmanager
def lock() -> Iterator[None]:
    """Let one set-up run at a time."""
    import fcntl  # noqa: PLC0415 - not on Windows, which the message below is for

    with open(TOOLS / "setup.lock", "w", encoding="ascii") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("waiting for another setup to end")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# ----------------------------------------------------------------- Python, uv, Node.js


def choose_python() -> str:
    """Return the path of the Python to develop with."""
    wanted = os.environ.get("LEANPIX_PYTHON")
    if wanted:
        found = probe_python(wanted)
        if found is None:
            message = f"LEANPIX_PYTHON={wanted} does not run or is older than Python 3.11"
            raise SetupError(message)
        return found
    candidates = (str(VENV / "bin" / "python"), *PREFERRED_PYTHONS, sys.executable)
    for candidate in candidates:
        found = probe_python(candidate)
        if found is not None:
            return found
    message = "Python 3.11 or later is needed, 3.13 at best; install it or set LEANPIX_PYTHON"
    raise SetupError(message)


def probe_python(command: str) -> str | None:
    """Return the real path of an interpreter that runs and is new enough, else None.

    It is started: a pyenv shim is there and yet fails when no version is chosen for it.
    """
    code = (
        "import json, sys; "
        "print(json.dumps([sys.version_info[:2], getattr(sys, '_base_executable', '')"
        " or sys.executable]))"
    )
    try:
        output = subprocess.run(
            [command, "-I", "-c", code],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=True,
        ).stdout
        version, path = json.loads(output)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return path if tuple(version) >= OLDEST_PYTHON else None


def bring_uv(environment: Mapping[str, str]) -> str:
    """Return the path of the pinned uv, installed from PyPI where it is not there yet."""
    home = TOOLS / ("uv-" + UV_VERSION)
    uv = home / "bin" / "uv"
    if runs(uv, "--version"):
        return str(uv)
    say("installing uv " + UV_VERSION)
    fresh = TOOLS / ".uv.fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
    pip = [sys.executable, "-m", "pip"]
    if runs(*pip, "--version"):
        run(
            (*pip, *PIP_INSTALL, "--target", str(fresh), "uv==" + UV_VERSION),
            environment,
        )
    else:
        try:
            run((sys.executable, "-m", "venv", str(fresh)), environment)
            run(
                (str(fresh / "bin" / "python"), "-m", "pip", *PIP_INSTALL, "uv==" + UV_VERSION),
                environment,
            )
        except SetupError:
            message = (
                f"neither pip nor venv works for {sys.executable}; install one of them"
                " (Debian: apt install python3-venv)"
            )
            raise SetupError(message) from None
    fresh.rename(home)
    return str(uv)


PIP_INSTALL = (
    "install",
    "-qq",  # errors only
    "--disable-pip-version-check",
    "--no-deps",
    "--only-binary=:all:",
)


def uv_environment() -> dict[str, str]:
    """Return this process's environment without the variables that mislead uv."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "UV_PYTHON"}
    }
    environment["UV_PYTHON_DOWNLOADS"] = "never"
    environment["PIP_ROOT_USER_ACTION"] = "ignore"
    environment.setdefault("UV_HTTP_TIMEOUT", "120")
    if "PIP_INDEX_URL" in environment:
        environment.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
    if "SSL_CERT_FILE" not in environment:
        for name in ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
            if name in environment:
                environment["SSL_CERT_FILE"] = environment[name]
                break
        else:
            # What the machine trusts, a company's own certificate included; uv's own list where
            # the machine has none.
            if any(Path(path).exists() for path in SYSTEM_CERTIFICATES):
                environment.setdefault("UV_SYSTEM_CERTS", "1")
    return environment


def has_node() -> bool:
    """Return whether the machine has a Node.js that the CDK can run on."""
    try:
        version = subprocess.run(
            ["node", "--version"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=True,
        ).stdout.decode()
        return int(version.strip().lstrip("v").split(".")[0]) >= OLDEST_NODE
    except (OSError, ValueError, subprocess.SubprocessError):
        return False


# ----------------------------------------------------------------- running


def say(text: str) -> None:
    """Print that something slow begins."""
    print("setup: " + text, flush=True)


def runs(*command: str | Path) -> bool:
    """Return whether a command runs and succeeds."""
    try:
        return not subprocess.call(
            [str(part) for part in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return False


def run(command: tuple[str, ...], environment: Mapping[str, str]) -> None:
    """Run a command, and end with its words where it fails."""
    done = subprocess.run(command, cwd=str(ROOT), env=environment, check=False)
    if done.returncode:
        words = " ".join(Path(part).name if os.sep in part else part for part in command)
        message = f"failed: {words}"
        raise SetupError(message)


if __name__ == "__main__":
    sys.exit(main())
