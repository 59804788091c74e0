"""Deploy, roll back and upgrade on the local cloud while images are being worked on.

    make rehearse                                   against the tag before, or an older commit
    .venv/bin/python -m leanpix_cli.rehearsal --from v1.4.0

The stack is deployed as it is; while clients submit, it is updated to the older version's
template (what a roll-back does), then to this version's again (what an upgrade does). Then every
image that was accepted must have ended, paid for once. Clients send again what was answered with a
server error, as well-behaved ones do; how often they had to is counted. Prints one line a step and
a table; ends with 1 where something was lost, or was refused for good.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

from leanpix_cli.local_setup import LocalAccount, create_local_account, find_photo
from leanpix_cli.traffic import Traffic
from leanpix_local import deploy, synth
from leanpix_local.aws import Clients
from leanpix_local.cloud import STACK_NAME, LocalCloud
from leanpix_local.errors import LocalCloudError
from leanpix_local.http import get, post
from leanpix_local.paths import LOCAL_DIR, ROOT
from leanpix_local.template import LocalSettings, patch_template

LOG: Final = LOCAL_DIR / "rehearsal.log"
COMMITS_BACK: Final = 3
"""The number of commits to go back where there is no tag yet."""
ENDING_SECONDS: Final = 240.0
TOKENS: Final = 100_000
LINKS: Final = 10
"""The results of before the updates that are downloaded after them."""
_BUILT: Final = ("layers", "compiled", "console")
_PROGRAM: Final = """
import json, sys
from pathlib import Path
from infra.settings import Settings
from infra.synth import synthesize
# An older version refuses settings that it does not have.
given = json.loads(sys.argv[2]).items()
context = {name: value for name, value in given if name in Settings.model_fields}
synthesize(Path(sys.argv[1]), context)
"""


class RehearsalError(LocalCloudError):
    """A rehearsal that cannot be held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """The fate of all that was accepted."""

    accepted: int
    sent_again: int
    """The server errors after which clients sent again."""
    refused: int
    recorded: int
    """Jobs: what was accepted, and what was recorded by a submit that ended before its answer."""
    done: int
    failed: int
    lost: int
    charged: int
    """Tokens that the account has less."""
    broken_links: int
    """Results of before the updates that cannot be downloaded any more."""
    seconds: float

    @property
    def is_exact(self) -> bool:
        """True where nothing was lost and each image that was made smaller was paid for once."""
        is_all_there = self.lost == self.failed == self.refused == self.broken_links == 0
        return is_all_there and self.charged == self.done == self.recorded


def older_assembly(reference: str, folder: Path) -> Path:
    """Synthesize an older version of this repository, for this machine, into a folder."""
    sources, assembly = folder / "sources", folder / "assembly"
    done = subprocess.run(
        ["git", "archive", reference], cwd=ROOT, capture_output=True, check=False
    )
    if done.returncode:
        message = f"git knows no version {reference}: {done.stderr.decode().strip()}"
        raise RehearsalError(message)
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(sources, filter="data")
    synthesize_version(sources, assembly)
    return assembly


def synthesize_version(sources: Path, assembly: Path) -> None:
    """Synthesize another version's sources, for this machine, with the dependencies of now."""
    (sources / "build").mkdir(exist_ok=True)
    for built in _BUILT:
        (sources / "build" / built).symlink_to(ROOT / "build" / built)
    _synthesize(sources, assembly, synth.CONTEXT)


def rehearse(
    steps: Mapping[str, Path],
    *,
    cloud: LocalCloud,
    clients: int,
    seconds: float,
    after_step: Callable[[], object] = lambda: None,
) -> Findings:
    """Update to each assembly in turn while clients submit, and return the findings."""
    started = time.monotonic()
    account = create_local_account(cloud, tokens=TOKENS, plan="pro")
    had = _read_tokens(cloud, account)
    traffic = Traffic(cloud.url, account.api_key, clients, find_photo("rocket.jpg").read_bytes())
    traffic.start()
    try:
        for what, assembly in steps.items():
            traffic.run(seconds)
            _update(cloud, assembly, what)
            after_step()
        traffic.run(seconds)
    finally:
        traffic.stop()
    _tell("sent again after", traffic.faults)
    _tell("refused with", traffic.refused)
    states = _wait_for_all(cloud, account)
    values = list(states.values())
    # The first were accepted, and handed out, before anything was updated.
    broken_links = _count_broken_links(cloud, account, traffic.job_ids[:LINKS])
    return Findings(
        accepted=len(traffic.job_ids),
        sent_again=len(traffic.faults),
        refused=len(traffic.refused),
        recorded=len(states),
        done=values.count("done"),
        failed=values.count("failed"),
        lost=len(set(traffic.job_ids) - states.keys()) + len(states) - _ended(states),
        charged=had - _read_tokens(cloud, account),
        broken_links=broken_links,
        seconds=time.monotonic() - started,
    )


def _tell(what: str, answers: list[str]) -> None:
    for answer, times in Counter(answers).most_common(5):
        print(f"rehearsal: {times} submits {what}: {answer}", flush=True)


def _update(cloud: LocalCloud, assembly: Path, what: str) -> None:
    """Do what `cdk deploy` does with the assembly."""
    started = time.monotonic()
    template = json.loads((assembly / f"{STACK_NAME}.template.json").read_text(encoding="utf-8"))
    deploy.deploy(
        Clients(cloud.endpoint_url),
        assembly=assembly,
        stack_name=STACK_NAME,
        template=patch_template(template, LocalSettings(base_url=cloud.url)),
    )
    print(f"rehearsal: {what} in {time.monotonic() - started:.1f} s", flush=True)


def _wait_for_all(cloud: LocalCloud, account: LocalAccount) -> dict[int, str]:
    """Return the state of each job on record, once all have ended or the time is up."""
    deadline = time.monotonic() + ENDING_SECONDS
    while True:
        states = _read_states(cloud, account)
        if _ended(states) == len(states) or time.monotonic() > deadline:
            return states
        time.sleep(1)


def _count_broken_links(cloud: LocalCloud, account: LocalAccount, job_ids: list[int]) -> int:
    headers = {"X-API-KEY": account.api_key}
    broken = 0
    for job_id in job_ids:
        answer = post(f"{cloud.url}/v1/optimize/{job_id}/result?timeout=30", headers=headers)
        (result,) = answer.json()["result"]
        download = get(result["url"]) if result["success"] else None
        broken += download is not None and len(download.body) != result["optimized_size"]
    return broken


def _ended(states: Mapping[int, str]) -> int:
    return sum(state in {"done", "failed"} for state in states.values())


def _read_tokens(cloud: LocalCloud, account: LocalAccount) -> int:
    item = cloud.client("dynamodb").get_item(
        TableName=cloud.outputs["AccountsTable"],
        Key={"account_id": {"S": account.account_id}, "part": {"S": "account"}},
        ConsistentRead=True,
    )["Item"]
    return int(item["tokens"]["N"])


def _read_states(cloud: LocalCloud, account: LocalAccount) -> dict[int, str]:
    """Return the state of each job of the account, whose jobs have one image."""
    pages = (
        cloud.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=cloud.outputs["JobsTable"],
            ConsistentRead=True,
            FilterExpression="account_id = :account AND part = :image",
            ExpressionAttributeValues={
                ":account": {"S": account.account_id},
                ":image": {"S": "image#0"},
            },
        )
    )
    items = [item for page in pages for item in page["Items"]]
    return {int(item["job_id"]["S"]): str(item["state"]["S"]) for item in items}


def _synthesize(sources: Path, assembly: Path, context: Mapping[str, str]) -> None:
    folders = (sources, sources / "layers/shared/python", sources / "layers/engine/python")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(assembly), json.dumps(dict(context))],
        cwd=sources,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        message = f"the older version cannot be synthesized: {done.stderr.strip()[-300:]}"
        raise RehearsalError(message)


def _default_reference() -> str:
    """Return the newest tag before this commit, else a commit a few steps back."""
    done = subprocess.run(
        ["git", "describe", "--tags", "--abbrev=0", "HEAD~1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or f"HEAD~{COMMITS_BACK}"


def main() -> int:
    """Rehearse and print the findings."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--from", dest="reference", help="the older version: a tag or a commit")
    parser.add_argument("--clients", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=6, help="between one step and the next")
    arguments = parser.parse_args()
    reference = arguments.reference or _default_reference()
    folder = Path(tempfile.mkdtemp(prefix="leanpix-rehearsal-"))
    try:
        older = older_assembly(reference, folder)
        print(f"rehearsal: synthesized {reference}", flush=True)
        with LocalCloud(log=LOG) as cloud:
            found = rehearse(
                {"rolled back": older, "upgraded": synth.assembly()},
                cloud=cloud,
                clients=arguments.clients,
                seconds=arguments.seconds,
            )
    except LocalCloudError as error:
        print(f"rehearsal: {error}", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(
        "\n| accepted | sent again | refused | recorded | done | failed | lost | tokens charged"
        " | broken links | seconds |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        f"| {found.accepted} | {found.sent_again} | {found.refused} | {found.recorded} |"
        f" {found.done} | {found.failed} | {found.lost} | {found.charged}"
        f" | {found.broken_links} | {found.seconds:.0f} |\n"
    )
    print("rehearsal: nothing lost" if found.is_exact else "rehearsal: NOT exact")
    return 0 if found.is_exact else 1


if __name__ == "__main__":
    sys.exit(main())
