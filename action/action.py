"""Run Leanpix in a GitHub workflow: check, commit or comment.

Everything comes from the environment: GitHub's own variables, and the inputs of `action.yml`.
Needs nothing but Python.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

MODES = ("check", "commit", "comment")
MARKER = "<!-- leanpix -->"
"""Begins the one comment that is kept up to date."""
_PAGE = 100
_FAILED = 2
_AUTHOR = ("-c", "user.name=leanpix", "-c", "user.email=leanpix@users.noreply.github.com")


def main() -> int:
    """Run the mode that was asked for and return the exit code."""
    mode = os.environ.get("LEANPIX_MODE", "check")
    if mode not in MODES:
        print(f"::error::mode is {mode!r}; one of {', '.join(MODES)}")
        return _FAILED
    report = Path(os.environ["RUNNER_TEMP"]) / "leanpix-report.md"
    code, summary, failures = optimize(mode, report)
    if summary is None:
        return code
    text = report.read_text("utf-8")
    append("GITHUB_STEP_SUMMARY", f"{text}\n")
    append("GITHUB_OUTPUT", f"found={summary['smaller']}\nsaved={summary['saved']}\n")
    for name, reason in failures:
        print(f"::warning file={name}::{reason}")
    if mode == "commit" and summary["smaller"]:
        commit(summary)
    if mode == "comment":
        comment(text, found=bool(summary["smaller"]))
    return code if mode == "check" or code == _FAILED else 0


def optimize(mode: str, report: Path) -> tuple[int, dict[str, Any] | None, list[tuple[str, str]]]:
    """Run the command; return its exit code, its summary and what failed."""
    command = [str(Path(sys.executable).with_name("leanpix")), "optimize", "--json"]
    command += ["--recursive", "--report", "markdown", "--report-file", str(report)]
    command.append("--in-place" if mode == "commit" else "--check")
    if since := os.environ.get("LEANPIX_SINCE"):
        command += ["--changed-since", since]
    command += lines("LEANPIX_ARGUMENTS") + lines("LEANPIX_PATHS")
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    printed = [json.loads(line) for line in done.stdout.splitlines()]
    if not printed:
        return done.returncode, None, []
    failures = [
        (each["file"], each["reason"]) for each in printed[:-1] if each["status"] == "failed"
    ]
    return done.returncode, printed[-1]["summary"], failures


def commit(summary: dict[str, Any]) -> None:
    """Commit what has changed, and push it to the branch that is checked out."""
    message = f"Make {summary['smaller']} images smaller by {summary['saved']:,} bytes"
    git("commit", "--all", "--quiet", "--message", message)
    branch = os.environ.get("GITHUB_HEAD_REF") or os.environ.get("GITHUB_REF_NAME", "")
    git("push", "--quiet", "origin", f"HEAD:refs/heads/{branch}")


def comment(text: str, *, found: bool) -> None:
    """Write the table into the pull request: into the comment of an earlier run, if there is one.

    Where nothing is found, an earlier comment is updated, and no new one is made.
    """
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text("utf-8"))
    number = event.get("pull_request", {}).get("number")
    if number is None:
        print("::notice::no pull request to comment on")
        return
    issues = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    body = {"body": f"{MARKER}\n### Images that could be smaller\n\n{text}"}
    old = find_comment(f"{issues}/{number}/comments")
    if old is not None:
        call("PATCH", f"{issues}/comments/{old}", body)
    elif found:
        call("POST", f"{issues}/{number}/comments", body)


def find_comment(path: str) -> int | None:
    """Return the number of our comment, if there is one."""
    page = 1
    while True:
        found = call("GET", f"{path}?per_page={_PAGE}&page={page}", None)
        for each in found:
            if str(each["body"]).startswith(MARKER):
                return int(each["id"])
        if len(found) < _PAGE:
            return None
        page += 1


def call(method: str, path: str, body: dict[str, str] | None) -> Any:
    """Call GitHub's API."""
    request = urllib.request.Request(  # noqa: S310 - GitHub names the address
        os.environ.get("GITHUB_API_URL", "https://api.github.com") + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['LEANPIX_TOKEN']}",
            "Content-Type": "application/json",
        },
    )
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310 - the same
        return json.loads(response.read())


def lines(name: str) -> list[str]:
    """Return the lines of a variable that are not empty."""
    return [line.strip() for line in os.environ.get(name, "").splitlines() if line.strip()]


def append(name: str, text: str) -> None:
    """Add to one of the files that GitHub reads."""
    if path := os.environ.get(name):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(text)


def git(*words: str) -> None:
    """Run git as the author of these commits."""
    subprocess.run(["git", *_AUTHOR, *words], check=True)


if __name__ == "__main__":
    sys.exit(main())
