"""Name a wheel after the platform whose compiled C it carries."""

from __future__ import annotations

import os
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class PlatformHook(BuildHookInterface):  # type: ignore[type-arg, misc]  # hatchling is no package of ours to check with
    """A wheel without C is for any platform: the engine then computes in numpy, only slower."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 - the hook's signature
        """Set the tag that `tools/dist.py` asks for."""
        platform = os.environ.get("LEANPIX_WHEEL_PLATFORM")
        if platform:
            build_data["pure_python"] = False
            build_data["tag"] = f"py3-none-{platform}"
