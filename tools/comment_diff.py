"""Put the output of `cdk diff` into one comment of a pull request, and renew it there.

    python tools/comment_diff.py diff.txt

Reads PULL_REQUEST, STAGE and GITHUB_REPOSITORY; talks to GitHub by its own command, `gh`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

MOST_CHARACTERS = 60_000
"""GitHub takes 65,536 in a comment."""


def main() -> int:
    """Write the comment anew, or the first time."""
    stage, repository = os.environ["STAGE"], os.environ["GITHUB_REPOSITORY"]
    comments = f"repos/{repository}/issues/{os.environ['PULL_REQUEST']}/comments"
    body = render(stage, Path(sys.argv[1]).read_text(encoding="utf-8"))
    found = [
        comment["id"]
        for comment in json.loads(gh("--paginate", "--slurp", comments) or "[[]]")[0]
        if comment["body"].startswith(mark(stage))
    ]
    if found:
        gh("-X", "PATCH", f"repos/{repository}/issues/comments/{found[0]}", "-f", f"body={body}")
    else:
        gh(comments, "-f", f"body={body}")
    return 0


def mark(stage: str) -> str:
    """Return the first line of our comment on a stage."""
    return f"<!-- cdk diff {stage} -->"


def render(stage: str, diff: str) -> str:
    """Return the comment, whose block the diff cannot end."""
    if len(diff) > MOST_CHARACTERS:
        diff = f"{diff[:MOST_CHARACTERS]}\n… and {len(diff) - MOST_CHARACTERS:,} characters more"
    fence = "````"
    changes = diff.count("\n[+]") + diff.count("\n[-]") + diff.count("\n[~]")
    return (
        f"{mark(stage)}\n**`cdk diff` of {stage}**: {changes} resources change\n\n"
        f"<details><summary>Show</summary>\n\n"
        f"{fence}diff\n{diff.replace(fence, '')}\n{fence}\n</details>"
    )


def gh(*arguments: str) -> str:
    """Call GitHub's API."""
    done = subprocess.run(["gh", "api", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
