"""Describe the API from the contract: as OpenAPI 3.1, and as a page for people.

Routes, rates, errors and texts come from `leanpix.contract`, bodies from the models that the
handlers render, fields from the data that the parsers read. Only the docs function and
`make openapi` import it.
"""

from leanpix.openapi.page import render_page
from leanpix.openapi.specification import build_specification, render_specification

__all__ = ["build_specification", "render_page", "render_specification"]
