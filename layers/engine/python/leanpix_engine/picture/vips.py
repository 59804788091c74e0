"""Set the allocator, the cache and the safety of libvips; import pyvips from here alone."""

from __future__ import annotations

import ctypes

import pyvips

__all__ = ["pyvips"]

# Parameters of glibc's mallopt(3); the values are those of malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8


def _settle_allocator() -> None:
    """Use few arenas against fragmentation; take planes up to 16 MB from the heap.

    Mapping them anew each time costs more CPU than what is computed on them. Does nothing where
    the C library is not glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return
    mallopt(_M_ARENA_MAX, 2)
    mallopt(_M_MMAP_THRESHOLD, 16 << 20)
    mallopt(_M_TRIM_THRESHOLD, 64 << 20)


_settle_allocator()
# Loaders that libvips marks as not hardened against hostile files (ImageMagick, PDF, SVG, ...).
pyvips.block_untrusted_set(True)
# No image is opened twice: a cache of operations would only hold memory.
pyvips.cache_set_max(0)
pyvips.cache_set_max_mem(0)
