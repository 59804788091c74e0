/* The constants of RFC 6386. */

#ifndef LEANPIX_VP8_TABLES_H
#define LEANPIX_VP8_TABLES_H

#include "webp/vp8.h"

/* How a macroblock is predicted, in luma or chroma. */
enum { VP8_DC, VP8_VERTICAL, VP8_HORIZONTAL, VP8_TRUE_MOTION, VP8_MODES, VP8_BY_BLOCKS = VP8_MODES };

/* How a block of 4 x 4 is. */
enum {
    VP8_B_DC,
    VP8_B_TRUE_MOTION,
    VP8_B_VERTICAL,
    VP8_B_HORIZONTAL,
    VP8_B_LEFT_DOWN,
    VP8_B_RIGHT_DOWN,
    VP8_B_VERTICAL_RIGHT,
    VP8_B_VERTICAL_LEFT,
    VP8_B_HORIZONTAL_DOWN,
    VP8_B_HORIZONTAL_UP,
    VP8_BLOCK_MODES,
};

/* Types of blocks: luma without DC, the DCs of luma, chroma, luma with DC. */
enum { VP8_TYPE_AC, VP8_TYPE_Y2, VP8_TYPE_CHROMA, VP8_TYPE_WHOLE };

extern const uint8_t vp8_dc_steps[VP8_QUANTIZERS];
extern const uint16_t vp8_ac_steps[VP8_QUANTIZERS];
extern const uint8_t vp8_zigzag[VP8_BLOCK];
extern const uint8_t vp8_band_of[VP8_BLOCK + 1];
extern const uint8_t vp8_block_mode_probabilities[VP8_BLOCK_MODES][VP8_BLOCK_MODES]
                                                 [VP8_BLOCK_MODES - 1];
extern const uint8_t vp8_default_probabilities[VP8_TYPES][VP8_BANDS][VP8_CONTEXTS][VP8_BRANCHES];
extern const uint8_t vp8_unchanged_probabilities[VP8_TYPES][VP8_BANDS][VP8_CONTEXTS][VP8_BRANCHES];

/* The steps of a segment: DC, then AC. */
struct vp8_steps {
    int y1[2], y2[2], uv[2];
};

/* RFC 6386, 9.6 and 14.1. */
void vp8_steps_of(int quantizer, const struct vp8_deltas *deltas, struct vp8_steps *steps);

#endif
