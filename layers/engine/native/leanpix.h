/* What the engine's C offers to leanpix_engine/native.py, which checks every argument first:
 * sizes, element types and that arrays are contiguous. Nothing here keeps state between calls, so
 * that any number of threads may call it. */

#ifndef LEANPIX_H
#define LEANPIX_H

#include <stddef.h>
#include <stdint.h>

/* The library hides all but these. */
#define LEANPIX_EXPORT __attribute__((visibility("default")))

/* What a function that can run out of memory returns. */
enum { LEANPIX_OK = 0, LEANPIX_OUT_OF_MEMORY = 1 };

/* Images are (height, width, 3) of sRGB bytes; linear light is (3, height, width) of floats. */

/* Linear light at a quarter of the size, rounded up: halved twice, an odd last row or column
 * counting twice. `quarter` is (3, ceil(height / 4), ceil(width / 4)). */
LEANPIX_EXPORT int leanpix_quarter(const uint8_t *rgb, size_t height, size_t width, float *quarter);

#endif
