"""The one logger of all functions. What it is given must hold no key, password or signed URL."""

from __future__ import annotations

from aws_lambda_powertools import Logger

logger = Logger()
