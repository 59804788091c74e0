"""The photos of the demo: real ones, carried by a package that we install.

Both are in the public domain: the Hubble Ultra Deep Field (NASA, ESA) and the launch of
DSCOVR (SpaceX, CC0); see the docstrings in ``skimage.data``.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from local.errors import MissingPrerequisiteError

DEMO_PHOTOS: Final = ("rocket.jpg", "hubble_deep_field.jpg")


def find_photo(name: str) -> Path:
    """Return the path of a photo; the package itself, large as it is, is not imported."""
    spec = find_spec("skimage")
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).parent / "data" / name
        if path.is_file():
            return path
    what = "The demo's photo (of the package scikit-image)"
    raise MissingPrerequisiteError(what)
