"""Test the wheels: what is in them, and that the host's works where nothing else is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
import skimage
from packaging.tags import compatible_tags, cpython_tags
from packaging.utils import parse_wheel_filename

from layers import native
from leanpix_engine import Level, Options, __version__, optimize
from tools import dist

ROOT = Path(__file__).resolve().parents[2]
PHOTO = Path(skimage.__file__).parent / "data" / "rocket.jpg"
HOST = dist.host_platform()
OURS = {
    "leanpix",
    "leanpix_cli",
    "leanpix_local",
    "leanpix_engine",
    "leanpix_native",
    "leanpix_aom",
}

pytestmark = [
    pytest.mark.xdist_group("wheels"),
    pytest.mark.skipif(HOST is None, reason="no wheel is for this platform"),
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return the host's wheels and the sources."""
    assert HOST is not None
    return dist.build([HOST], tmp_path_factory.mktemp("dist"))


def find(built: list[Path], name: str, suffix: str) -> Path:
    (path,) = (p for p in built if p.name.startswith(f"{name}-") and p.suffix == suffix)
    return path


def wheel(built: list[Path], name: str) -> Path:
    return find(built, name, ".whl")


def metadata_of(path: Path) -> dict[str, list[str]]:
    with zipfile.ZipFile(path) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        message = Parser().parsestr(archive.read(name).decode())
    return {key: [str(value) for value in message.get_all(key) or []] for key in message}


def test_the_hosts_wheel_is_installable_here(built: list[Path]) -> None:
    _, _, _, tags = parse_wheel_filename(wheel(built, "leanpix_engine").name)
    (tag,) = tags
    assert (tag.interpreter, tag.abi) == ("py3", "none")
    platforms = [HOST or ""]
    assert tag in {*compatible_tags(platforms=platforms), *cpython_tags(platforms=platforms)}


def test_a_wheel_holds_our_packages_the_licence_and_no_leftovers(built: list[Path]) -> None:
    for name in ("leanpix", "leanpix_engine"):
        with zipfile.ZipFile(wheel(built, name)) as archive:
            files = archive.namelist()
        tops = {each.split("/")[0] for each in files}
        assert {top for top in tops if not top.endswith(".dist-info")} <= OURS
        assert any(each.endswith(".dist-info/licenses/LICENSE") for each in files)
        endings = {Path(each).suffix for each in files if ".dist-info/" not in each}
        assert endings <= {
            ".py",
            ".typed",
            ".so",
            ".dylib",
            ".dll",
            ".html",
            ".css",
            ".json",
            ".txt",
            "",
        }
        assert not [each for each in files if "__pycache__" in each]
        assert f"{name.split('_')[0]}" in files[0]


def test_a_wheel_carries_the_c_of_its_platform(built: list[Path]) -> None:
    wanted = {f"{native.PACKAGE}/{each.file_name}" for each in native.WHEELS[HOST or ""]}
    with zipfile.ZipFile(wheel(built, "leanpix_engine")) as archive:
        libraries = {name for name in archive.namelist() if name.startswith(native.PACKAGE)}
        assert libraries == wanted
        for name in libraries:
            assert archive.read(name).startswith(dist.MAGIC[Path(name).suffix])


def test_a_wheel_with_a_library_of_another_platform_is_refused(
    built: list[Path], tmp_path: Path
) -> None:
    dist.inspect(wheel(built, "leanpix_engine"))
    for tag in native.WHEELS:
        if tag != HOST:
            wrong = tmp_path / f"leanpix_engine-{__version__}-py3-none-{tag}.whl"
            shutil.copy(wheel(built, "leanpix_engine"), wrong)
            with pytest.raises(SystemExit, match="is wrong about"):
                dist.inspect(wrong)


def test_each_platform_has_its_kind_of_library() -> None:
    endings = {
        tag: {Path(each.file_name).suffix for each in variants}
        for tag, variants in native.WHEELS.items()
    }
    assert endings == {
        "manylinux_2_28_x86_64": {".so"},
        "manylinux_2_28_aarch64": {".so"},
        "musllinux_1_2_x86_64": {".so"},
        "macosx_11_0_arm64": {".dylib"},
        "macosx_11_0_x86_64": {".dylib"},
        "win_amd64": {".dll"},
    }


def test_versions_and_dependencies_are_the_projects(built: list[Path]) -> None:
    engine = metadata_of(wheel(built, "leanpix_engine"))
    command = metadata_of(wheel(built, "leanpix"))
    assert engine["Version"] == command["Version"] == [__version__]
    assert f"leanpix-engine=={__version__}" in command["Requires-Dist"]
    assert any(each.startswith("numpy") for each in engine["Requires-Dist"])
    assert not any(each.startswith("@") for each in engine["Requires-Dist"])
    assert command["Provides-Extra"] == ["aws"]


def test_the_sources_hold_no_compiled_code(built: list[Path]) -> None:
    archives = [path for path in built if path.name.endswith(".tar.gz")]
    assert len(archives) == 2
    for path in archives:
        with tarfile.open(path) as archive:
            names = archive.getnames()
        assert not [name for name in names if Path(name).suffix in dist.MAGIC]
        assert any(name.endswith("/LICENSE") for name in names)


@pytest.fixture(scope="module")
def empty_python(built: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the Python of a venv with nothing but the wheels and what they depend on."""
    home = tmp_path_factory.mktemp("venv") / "venv"
    bundled = sorted((ROOT / ".tools").glob("uv-*/bin/uv"))
    uv = os.environ.get("UV") or (str(bundled[-1]) if bundled else shutil.which("uv")) or "uv"
    lock = ("export", "--quiet", "--frozen", "--no-emit-project", "--no-hashes", "--no-annotate")
    pins = subprocess.run([uv, *lock], cwd=ROOT, capture_output=True, check=True).stdout
    constraints = home.parent / "constraints.txt"
    constraints.write_bytes(pins)
    python = home / "bin" / "python"
    environment = {**os.environ, "PKG_CONFIG_LIBDIR": "/nonexistent", "PKG_CONFIG_PATH": ""}
    wheels = [str(wheel(built, name)) for name in ("leanpix", "leanpix_engine")]
    install = ("pip", "install", "--quiet", "--python", str(python))
    for words in (
        ("venv", "--quiet", "--python", sys.executable, str(home)),
        (*install, "--constraints", str(constraints), *wheels),
    ):
        subprocess.run([uv, *words], cwd=home.parent, env=environment, check=True, timeout=250)
    return python


def run_apart(python: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the installed command where nothing of the checkout is found."""
    environment = {"PATH": "/usr/bin:/bin", "LEANPIX_CACHE_DIR": str(folder / ".cache")}
    return subprocess.run(
        [str(python.with_name("leanpix")), *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_installed_command_makes_the_bytes_of_the_checkout(
    empty_python: Path, tmp_path: Path
) -> None:
    shutil.copy(PHOTO, tmp_path / "photo.jpg")
    done = run_apart(empty_python, tmp_path, "optimize", "-i", "--json", "photo.jpg")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["status"] == "smaller"
    expected = optimize(PHOTO.read_bytes(), Options(level=Level.MEDIUM)).output
    assert expected is not None
    assert (tmp_path / "photo.jpg").read_bytes() == expected.data


def test_the_installed_command_says_what_it_lacks(empty_python: Path, tmp_path: Path) -> None:
    for name, says in (("serve", "needs a checkout"), ("account", "install leanpix[aws]")):
        done = run_apart(empty_python, tmp_path, name)
        assert done.returncode == 2
        assert says in done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_installed_engine_loads_its_c(empty_python: Path, tmp_path: Path) -> None:
    code = "from leanpix_engine import native; print(native.available())"
    done = subprocess.run(
        [str(empty_python), "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


def test_the_sources_work_without_the_c(
    built: list[Path], empty_python: Path, tmp_path: Path, small_jpeg: bytes
) -> None:
    """By numpy, on the packages of the venv; the JPEG is larger, and right."""
    with tarfile.open(find(built, "leanpix_engine", ".gz")) as sources:
        sources.extractall(tmp_path, filter="data")
    (home,) = tmp_path.glob("leanpix_engine-*")
    (tmp_path / "photo.jpg").write_bytes(small_jpeg)
    code = (
        "import sys; from pathlib import Path; import leanpix_engine;"
        "from leanpix_engine import native;"
        "native._folders = lambda: [];"
        "result = leanpix_engine.optimize(Path('photo.jpg').read_bytes());"
        "print(leanpix_engine.__file__, native.available(), len(result.output.data))"
    )
    done = subprocess.run(
        [str(empty_python), "-c", code],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    where, has_c, size = done.stdout.split()
    assert where.startswith(str(home))
    assert has_c == "False"
    assert int(size) < len(small_jpeg)


@pytest.fixture
def small_jpeg() -> bytes:
    """Return a part of a photo."""
    from io import BytesIO  # noqa: PLC0415 - for this fixture alone

    from PIL import Image  # noqa: PLC0415 - the same

    buffer = BytesIO()
    with Image.open(PHOTO) as photo:
        photo.crop((100, 100, 260, 220)).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()
