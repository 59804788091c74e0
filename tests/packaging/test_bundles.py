"""Test that nothing is missing from a bundle: it runs where there is nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image

from leanpix import contract
from tests.packaging.runtime_api import RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from infra.bundles import Bundle

AWS_ENVIRONMENT = {
    "AWS_REGION": "eu-central-1",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "example",
    "AWS_EC2_METADATA_DISABLED": "true",
    # Nothing answers there, so no test can reach AWS.
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "1",
}


def environment_of(bundle: Bundle, *more_paths: Path) -> dict[str, str]:
    """Return the environment of a function, with nothing of this process's own."""
    return {
        **AWS_ENVIRONMENT,
        **bundle.environment,
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": os.pathsep.join([*bundle.python_path, *map(str, more_paths)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(bundle.code),
        "AWS_LAMBDA_FUNCTION_NAME": f"leanpix-test-{bundle.name}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "_HANDLER": "handler.handler",
    }


@contextmanager
def running(bundle: Bundle, *, python: str, runtime: Path, log: Path) -> Iterator[RuntimeApi]:
    """Run a function as Lambda does, under its real runtime client."""
    with RuntimeApi() as api, log.open("wb") as output:
        environment = environment_of(bundle, runtime) | {"AWS_LAMBDA_RUNTIME_API": api.address}
        process = subprocess.Popen(
            [python, "-s", "-S", "-m", "awslambdaric", "handler.handler"],
            cwd=bundle.code,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield api
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("name", contract.FUNCTIONS)
def test_a_function_starts_with_nothing_but_its_bundle_and_the_runtime(
    host_bundles: dict[str, Bundle],
    lambda_runtime: Path,
    bare_python: str,
    tmp_path: Path,
    name: str,
) -> None:
    log = tmp_path / "log"
    with running(host_bundles[name], python=bare_python, runtime=lambda_runtime, log=log) as api:
        report = api.expect()
    assert report.kind == "ready", (report, log.read_text())


def test_a_packaged_function_answers(
    host_bundles: dict[str, Bundle], lambda_runtime: Path, bare_python: str, tmp_path: Path
) -> None:
    event: dict[str, Any] = {
        "httpMethod": "GET",
        "path": "/ping",
        "resource": "/ping",
        "headers": {},
        "requestContext": {},
        "body": None,
        "isBase64Encoded": False,
    }
    log = tmp_path / "log"
    bundle = host_bundles["health"]
    with running(bundle, python=bare_python, runtime=lambda_runtime, log=log) as api:
        api.send(event)
        assert api.expect().kind == "ready"
        answer = api.expect()
    assert answer.kind == "response", (answer, log.read_text())
    assert answer.body["statusCode"] == 200


@pytest.mark.parametrize("name", ["submit", "optimizer"])
def test_every_module_of_leanpix_can_be_imported_from_the_bundle(
    host_bundles: dict[str, Bundle], lambda_runtime: Path, bare_python: str, name: str
) -> None:
    bundle = host_bundles[name]
    packages = ["leanpix", "leanpix_engine"] if name == "optimizer" else ["leanpix"]
    code = (
        "import importlib, pkgutil, sys\n"
        "from importlib.util import find_spec\n"
        f"for name in {packages!r}:\n"
        "    package = importlib.import_module(name)\n"
        "    for module in pkgutil.walk_packages(package.__path__, name + '.'):\n"
        "        if module.name.rpartition('.')[2] in ('__main__', 'child_main'):\n"
        "            continue\n"
        # Only functions that look into images carry what reads their headers.
        "        is_prober = module.name == 'leanpix.adapters.prober'\n"
        "        if is_prober and not find_spec('leanpix_engine'):\n"
        "            continue\n"
        "        importlib.import_module(module.name)\n"
    )
    done = subprocess.run(
        [bare_python, "-s", "-S", "-c", code],
        env=environment_of(bundle, lambda_runtime),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_the_packaged_engine_optimizes_an_image(
    host_bundles: dict[str, Bundle], bare_python: str, tmp_path: Path
) -> None:
    source, result = tmp_path / "in.jpg", tmp_path / "out.jpg"
    Image.effect_noise((320, 240), 40).convert("RGB").save(source, quality=97)
    done = subprocess.run(
        [bare_python, "-s", "-S", "-m", "leanpix_engine", source, result, "--level", "medium"],
        env=environment_of(host_bundles["optimizer"]),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)
    assert 0 < result.stat().st_size < source.stat().st_size
