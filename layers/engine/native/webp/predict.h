/* Intra prediction (RFC 6386, 12). */

#ifndef LEANPIX_VP8_PREDICT_H
#define LEANPIX_VP8_PREDICT_H

#include "webp/tables.h"
#include "webp/transform.h"

/* A square of `side` at a place of a plane with borders, by the samples above and to the left. */
void vp8_predict_square(const uint8_t *place, size_t stride, size_t side, int mode, int has_above,
    int has_left, uint8_t *prediction);

/* A block of 4 x 4 by every mode of blocks: (sample, mode). `after` are the four samples above and
 * to the right. */
typedef uint8_t vp8_block_predictions[VP8_BLOCK][VP8_LANES];
void vp8_predict_block(
    const uint8_t *place, size_t stride, const uint8_t *after, vp8_block_predictions predictions);

#endif
