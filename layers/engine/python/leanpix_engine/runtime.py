"""Threads, cache and safety of the native libraries, set once before they are loaded.

Import this module before numpy or pyvips. A Lambda function below 1.8 GB has one CPU: threads of OpenBLAS
and libvips only cost memory there. `MALLOC_ARENA_MAX=2` has to be in the process's environment from the
start (glibc reads it before Python runs); the deployment sets it.
"""

from __future__ import annotations

import os

for _name, _value in {"VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}.items():
    os.environ.setdefault(_name, _value)

import pyvips  # noqa: E402  (the environment comes first)

# Loaders that libvips marks as not hardened against hostile files (ImageMagick, PDF, SVG, ...).
pyvips.block_untrusted_set(True)
# No image is opened twice: a cache of operations would only hold memory.
pyvips.cache_set_max(0)
pyvips.cache_set_max_mem(0)
