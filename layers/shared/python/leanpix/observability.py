"""Log what the functions do, in one JSON line each and without secrets.

What is logged must hold no key, password or signed URL. Services and the domain, which know no
Powertools, log by Python's own `logging`, and their lines are written the same way.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools import Logger

from leanpix.redaction import scrub


def _to_json(entry: Mapping[str, Any]) -> str:
    """Return a log entry as Powertools writes it, without what looks like a secret."""
    return scrub(json.dumps(entry, default=str, separators=(",", ":"), ensure_ascii=False))


logger = Logger(json_serializer=_to_json)

_library = logging.getLogger("leanpix")
_library.addHandler(logger.registered_handler)
_library.setLevel(logger.log_level)
# Lambda's own handler, at the root, would write each line once more.
_library.propagate = False


def begin_log(*, request_id: str, correlation_id: str | None = None, **keys: Any) -> None:
    """Clear the log's keys of the last call, and tie what follows to this one.

    Args:
        request_id: The id of this call.
        correlation_id: The id of the API request that the call goes back to, which travels with
            every message; by default this call's own.
        keys: Further keys of every line.
    """
    logger.clear_state()
    logger.append_keys(request_id=request_id, **keys)
    logger.set_correlation_id(correlation_id or request_id)
