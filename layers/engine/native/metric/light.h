/* sRGB bytes as linear light, and linear light at half the size; row by row, so that only what
 * the next stage needs is ever in memory. */

#ifndef LEANPIX_LIGHT_H
#define LEANPIX_LIGHT_H

#include <stddef.h>
#include <stdint.h>

/* One row of `width` pixels into three rows of floats. */
void light_of_row(const uint8_t *restrict rgb, size_t width, float *const rows[3]);

/* The means of 2 x 2 samples of two rows; an odd last column counts twice. */
void light_halve_rows(
    const float *restrict upper, const float *restrict lower, size_t width, float *restrict half);

#endif
