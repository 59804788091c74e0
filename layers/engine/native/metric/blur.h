/* The Gaussian of sigma 1.5 that SSIMULACRA2 compares by, 11 samples wide. */

#ifndef LEANPIX_BLUR_H
#define LEANPIX_BLUR_H

#include <stddef.h>

enum { BLUR_RADIUS = 5, BLUR_TAPS = 2 * BLUR_RADIUS + 1 };

/* Which row of `height` stands `offset` rows from `row`; above and below the image it is mirrored,
 * as in PyPI's ssimulacra2. */
size_t blur_mirrored(size_t row, int offset, size_t height);

/* Down the columns of 11 rows of two images at once: the first, its square, and their product.
 * An image with itself gives the same bits for the latter two. */
void blur_columns(const float *const first[BLUR_TAPS], const float *const second[BLUR_TAPS],
    size_t width, float *restrict mean, float *restrict square, float *restrict product);

/* Along a row; `row` has BLUR_RADIUS more samples before and after it: zeros. */
void blur_row(const float *restrict row, size_t width, float *restrict blurred);

#endif
