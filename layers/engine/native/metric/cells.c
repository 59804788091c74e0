/* Mean colours of small squares: what a viewer sees of flat areas and gradients. */

#include <stdlib.h>

#include "arithmetic.h"
#include "leanpix.h"

enum { SIDE = LEANPIX_CELL, CHANNELS = 3 };

/* Adds a row of bytes to sums of rows. */
static void add_row(const uint8_t *restrict row, size_t count, uint16_t *restrict sums)
{
    for (size_t at = 0; at < count; at++) {
        sums[at] = (uint16_t)(sums[at] + row[at]);
    }
}

/* Sums of columns, `SIDE` of them at a time, as means. */
static void average(const uint16_t *sums, size_t width, size_t rows, float *means)
{
    for (size_t left = 0; left < width; left += SIDE) {
        const size_t columns = at_most(SIDE, width - left);
        uint32_t total[CHANNELS] = {0, 0, 0};
        for (size_t at = 0; at < columns * CHANNELS; at++) {
            total[at % CHANNELS] += sums[left * CHANNELS + at];
        }
        for (size_t channel = 0; channel < CHANNELS; channel++) {
            *means++ = (float)total[channel] / (float)(rows * columns);
        }
    }
}

int leanpix_cells(const uint8_t *rgb, size_t height, size_t width, float *means)
{
    const size_t count = width * CHANNELS, cells = (width + SIDE - 1) / SIDE;
    uint16_t *const sums = malloc(count * sizeof *sums);

    if (sums == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    for (size_t top = 0; top < height; top += SIDE) {
        const size_t rows = at_most(SIDE, height - top);
        for (size_t at = 0; at < count; at++) {
            sums[at] = 0;
        }
        for (size_t row = top; row < top + rows; row++) {
            add_row(rgb + row * count, count, sums);
        }
        average(sums, width, rows, means + top / SIDE * cells * CHANNELS);
    }
    free(sums);
    return LEANPIX_OK;
}
