/* The transforms of VP8: forward in floats, for many blocks at once; inverse as decoders do it. */

#ifndef LEANPIX_VP8_TRANSFORM_H
#define LEANPIX_VP8_TRANSFORM_H

#include "webp/vp8.h"

/* Blocks that are transformed side by side: those of a macroblock, or one block less each of its
 * predictions. */
enum { VP8_LANES = 16 };

/* (sample or coefficient, row by row; block). */
typedef float vp8_lanes[VP8_BLOCK][VP8_LANES];

/* Samples of a square of `side`, four blocks wide or two, as lanes from `first` on. */
void vp8_to_lanes(
    const uint8_t *samples, size_t stride, size_t side, size_t first, vp8_lanes lanes);

/* Scaled as the decoder expects it: twice the orthonormal cosine transform. */
void vp8_forward(vp8_lanes samples, vp8_lanes coefficients);

/* Of the 16 DC coefficients: the Walsh-Hadamard transform. */
void vp8_forward_y2(const float *values, float *coefficients);

/* RFC 6386, 14.3. `dcs` are row by row. */
void vp8_inverse_y2(const int *coefficients, int *dcs);

/* RFC 6386, 14.4: adds coefficients, row by row, to a prediction. */
void vp8_inverse(const int *coefficients, const uint8_t *prediction, size_t prediction_stride,
    uint8_t *samples, size_t stride);

#endif
