/* One macroblock on its way: what all ways to predict it share. */

#ifndef LEANPIX_VP8_CODER_H
#define LEANPIX_VP8_CODER_H

#include "webp/predict.h"
#include "webp/trellis.h"

/* Whether the blocks beside have any level: four of luma, two of each chroma, Y2. */
enum { VP8_NEIGHBOURS = 9, VP8_NEIGHBOUR_BLUE = 4, VP8_NEIGHBOUR_RED = 6, VP8_NEIGHBOUR_Y2 = 8 };

struct vp8_segment_quantizers {
    struct vp8_quantizer luma, y2, chroma;
    float bit_cost;
};

struct vp8_coder {
    const struct vp8_design *design;
    struct vp8_segment_quantizers segments[VP8_SEGMENTS];
    float block_mode_bits[VP8_BLOCK_MODES][VP8_BLOCK_MODES][VP8_BLOCK_MODES];
    vp8_costs costs;

    /* Of the macroblock at hand. */
    const struct vp8_segment_quantizers *quantizers;
    /* Bits that a squared error is worth, in each block of luma and in the rest. */
    float luma_weights[VP8_LUMA_BLOCKS], weight;
    const uint8_t *sources[3];
    uint8_t *places[3];
    size_t source_strides[3], strides[3];
    int has_above, has_left;
    uint8_t after[4]; /* samples of luma above and to the right */
    uint8_t *above, *left; /* whether blocks have levels */
    uint8_t *above_modes, *left_modes;
    vp8_lanes luma; /* the source's coefficients */
};

/* A way to code the luma or the chroma of a macroblock. */
struct vp8_way {
    float cost, mode_bits;
    int mode;
    uint8_t block_modes[VP8_LUMA_BLOCKS];
    int16_t levels[VP8_BLOCKS][VP8_BLOCK];
};

/* A first look at blocks of residuals side by side: what each costs, roughly, in bits and error. */
void vp8_rough_costs(const struct vp8_design *design, const struct vp8_quantizer *quantizer,
    const float *weights, int first, vp8_lanes coefficients, float *costs);

/* What an error counts of levels that stand for coefficients of `source` less a prediction. */
float vp8_error_of(const struct vp8_design *design, const struct vp8_quantizer *quantizer,
    const float *source, const float *coefficients, int first, const int16_t *levels);

/* Adds the levels of a block to its prediction; `dc` stands for the first where it is coded with
 * those of other blocks. */
void vp8_reconstruct(const struct vp8_quantizer *quantizer, const int16_t *levels, const int *dc,
    const uint8_t *prediction, size_t prediction_stride, uint8_t *samples, size_t stride);

static inline void vp8_column(vp8_lanes lanes, size_t lane, float *values)
{
    for (size_t i = 0; i < VP8_BLOCK; i++) {
        values[i] = lanes[i][lane];
    }
}

/* Luma by one prediction; not reconstructed yet. */
void vp8_try_whole(struct vp8_coder *coder, struct vp8_way *way);
void vp8_reconstruct_whole(struct vp8_coder *coder, const struct vp8_way *way);

/* Luma by a prediction for each block, reconstructed; stops where it costs more than `most`. */
void vp8_try_blocks(struct vp8_coder *coder, float most, struct vp8_way *way);

/* Chroma, reconstructed. */
void vp8_try_chroma(struct vp8_coder *coder, struct vp8_way *way);

#endif
