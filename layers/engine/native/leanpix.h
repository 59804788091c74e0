/* The functions of the engine's C. leanpix_engine/native.py calls them, and checks every argument
 * first: sizes, element types and that arrays are contiguous. Nothing here keeps state between
 * calls, so that any number of threads may call it. */

#ifndef LEANPIX_H
#define LEANPIX_H

#include <stddef.h>
#include <stdint.h>

/* The library hides all but these. */
#define LEANPIX_EXPORT __attribute__((visibility("default")))

/* Returned by a function that can run out of memory. */
enum { LEANPIX_OK = 0, LEANPIX_OUT_OF_MEMORY = 1 };

/* Returned for too little room to write, and for an input that is not what it should be. */
enum { LEANPIX_NO_ROOM = 2, LEANPIX_BROKEN = 3 };

/* Images are (height, width, 3) of sRGB bytes; linear light is (3, height, width) of floats. */

/* Linear light at a quarter of the size, rounded up: halved twice, an odd last row or column
 * counting twice. `quarter` is (3, ceil(height / 4), ceil(width / 4)). */
LEANPIX_EXPORT int leanpix_quarter(const uint8_t *rgb, size_t height, size_t width, float *quarter);

/* One scale of SSIMULACRA2, see ssimulacra2.c. The image is `rgb`, or where that is NULL `linear`.
 * `channels` is a set of bits, 1 << channel for X, Y and B; arrays over channels hold those in the
 * set alone, in this order. */

/* Prepare the image that others are compared with. `sides` is (channels, 3, height, width):
 * the plane, its blur, and the blur of its square. `half` receives the linear light of the next
 * scale, (3, ceil(height / 2), ceil(width / 2)); it may be NULL. */
LEANPIX_EXPORT int leanpix_scale_reference(const uint8_t *rgb, const float *linear, size_t height,
    size_t width, uint32_t channels, float *sides, float *half);

/* Measure how far an image is from those sides. `boxes` is (box_count, 4): top, left, height and
 * width. `sums` is (channels, 3, 1 + box_count), for the maps of structure, artefacts and lost
 * detail: the sum over the map, then the sum of fourth powers in each box. */
LEANPIX_EXPORT int leanpix_scale_errors(const uint8_t *rgb, const float *linear, size_t height,
    size_t width, uint32_t channels, const float *sides, float *half, const int64_t *boxes,
    size_t box_count, double *sums);

/* Mean colours of the squares of `LEANPIX_CELL` pixels a side, those at the right and the lower edge
 * cut off there. `means` is (ceil(height / 4), ceil(width / 4), 3). */
enum { LEANPIX_CELL = 4 };
LEANPIX_EXPORT int leanpix_cells(const uint8_t *rgb, size_t height, size_t width, float *means);

/* sRGB bytes as the planes of AV1, (3, pixels) of `bits` bits (8 to 12), and back. */
LEANPIX_EXPORT int leanpix_avif_planes(
    const uint8_t *rgb, size_t pixels, uint32_t bits, uint16_t *planes);
LEANPIX_EXPORT int leanpix_avif_rgb(
    const uint16_t *planes, size_t pixels, uint32_t bits, uint8_t *rgb);

/* The largest difference between two images, in degrees of mid gray, about; see worst.c. */
LEANPIX_EXPORT int leanpix_worst(
    const uint8_t *original, const uint8_t *made, size_t height, size_t width, float *worst);

#endif
