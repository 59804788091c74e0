/* Trellis quantization of a block of VP8. */

#ifndef LEANPIX_VP8_TRELLIS_H
#define LEANPIX_VP8_TRELLIS_H

#include "webp/tokens.h"

/* By coefficient, row by row: 1 / step, and how much the square of an error of one step counts. */
struct vp8_quantizer {
    float inverses[VP8_BLOCK], weights[VP8_BLOCK];
    int steps[2]; /* DC, AC */
};

/* The levels, in zigzag order, that cost least in bits and error together; how many bits they are.
 * An error counts `weight` times the quantizer's weight in bits. */
float vp8_trellis(const struct vp8_quantizer *quantizer, float weight, const float *coefficients,
    struct vp8_token_costs (*costs)[VP8_CONTEXTS], int first, int context, int16_t *levels);

#endif
