"""Set up what the local commands start from: an account with a key, and sample photos.

The photos come in the package scikit-image and are in the public domain: the Hubble Ultra Deep
Field (NASA, ESA) and the launch of DSCOVR (SpaceX, CC0); see the docstrings in `skimage.data`.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from leanpix.contract import UNLIMITED_TOKENS
from leanpix.deployed_stack import DeployedStack
from leanpix_local.cloud import LocalCloud
from leanpix_local.errors import MissingPrerequisiteError

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


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalAccount:
    """An account and its key."""

    account_id: str
    api_key: str


def create_local_account(
    cloud: LocalCloud,
    *,
    name: str = "Local account",
    email: str = "local@leanpix.example",
    tokens: int = UNLIMITED_TOKENS,
    plan: str = "unlimited",
) -> LocalAccount:
    """Create an account with a key."""
    stack = DeployedStack(cloud.client, cloud.outputs)
    created = stack.administration().create_account(
        name=name, email=email, plan=plan, tokens=tokens
    )
    return LocalAccount(account_id=created.account_id, api_key=created.api_key)
