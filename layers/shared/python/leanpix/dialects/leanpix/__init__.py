"""Leanpix's own routes, by which the service describes itself."""

from leanpix.contract import ERRORS
from leanpix.dialects.dialect import Dialect
from leanpix.dialects.megaoptim.responses import render_error

DIALECT = Dialect(errors=ERRORS, render_error=render_error)
