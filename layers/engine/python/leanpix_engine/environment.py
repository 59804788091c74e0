"""Set the threads of native libraries, which read them from the environment when they are loaded.

The package imports this before anything else. Threads of OpenBLAS and libvips only cost memory on
a Lambda function's one or two CPUs, and OpenBLAS's burn CPU while they wait. A value that is set
already stays.
"""

from __future__ import annotations

import os

for _name in ("VIPS_CONCURRENCY", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
