/* A macroblock's luma by a prediction for each of its blocks of 4 x 4. */

#include <math.h>
#include <string.h>

#include "webp/coder.h"

/* RFC 6386, 11.2: the bits that say that each block has a mode. */
static const float BLOCKS_BITS = 0.820F;

/* One block, by all modes. */
struct block {
    vp8_block_predictions predictions;
    vp8_lanes residuals;
    float source[VP8_BLOCK], costs[VP8_LANES], weight;
    const float *mode_bits;
};

/* What is best so far. */
struct choice {
    float cost;
    int mode;
    int16_t levels[VP8_BLOCK];
};

static void look(struct vp8_coder *coder, const uint8_t *place, const uint8_t *after,
    size_t index, struct block *block)
{
    vp8_lanes samples;
    float weights[VP8_LANES];

    block->weight = coder->luma_weights[index];
    vp8_column(coder->luma, index, block->source);
    vp8_predict_block(place, coder->strides[0], after, block->predictions);
    for (size_t i = 0; i < VP8_BLOCK; i++) {
        for (size_t lane = 0; lane < VP8_LANES; lane++) {
            samples[i][lane] = (float)block->predictions[i][lane];
        }
    }
    vp8_forward(samples, block->residuals);
    for (size_t i = 0; i < VP8_BLOCK; i++) {
        for (size_t lane = 0; lane < VP8_LANES; lane++) {
            block->residuals[i][lane] = block->source[i] - block->residuals[i][lane];
        }
    }
    for (size_t lane = 0; lane < VP8_LANES; lane++) {
        weights[lane] = block->weight;
    }
    vp8_rough_costs(
        coder->design, &coder->quantizers->luma, weights, 0, block->residuals, block->costs);
    for (int mode = 0; mode < VP8_BLOCK_MODES; mode++) {
        block->costs[mode] += block->mode_bits[mode];
    }
}

/* The mode that looks best of those not tried yet, which then counts as tried. */
static int next_mode(struct block *block)
{
    int best = 0;

    for (int mode = 1; mode < VP8_BLOCK_MODES; mode++) {
        if (block->costs[mode] < block->costs[best]) {
            best = mode;
        }
    }
    block->costs[best] = INFINITY;
    return best;
}

static void try_mode(struct vp8_coder *coder, struct block *block, int mode, int context,
    struct choice *best)
{
    const struct vp8_design *const design = coder->design;
    const struct vp8_quantizer *const quantizer = &coder->quantizers->luma;
    struct choice tried = {.mode = mode};
    float values[VP8_BLOCK];

    vp8_column(block->residuals, (size_t)mode, values);
    tried.cost = block->mode_bits[mode] + design->block_bits
        + vp8_trellis(quantizer, block->weight / design->block_factor, values,
            coder->costs[VP8_TYPE_WHOLE], 0, context,
            tried.levels);
    tried.cost += block->weight / design->mode_factor
        * vp8_error_of(design, quantizer, block->source, values, 0, tried.levels);
    if (tried.cost < best->cost) {
        *best = tried;
    }
}

static void choose(struct vp8_coder *coder, struct block *block, int context,
    struct choice *best)
{
    const int looks = (int)coder->design->looks;

    best->cost = INFINITY;
    for (int count = 0; count < looks; count++) {
        try_mode(coder, block, next_mode(block), context, best);
    }
}

static void reconstruct(struct vp8_coder *coder, const struct block *block,
    const struct choice *choice, uint8_t *place)
{
    uint8_t prediction[VP8_BLOCK];

    for (size_t i = 0; i < VP8_BLOCK; i++) {
        prediction[i] = block->predictions[i][choice->mode];
    }
    vp8_reconstruct(&coder->quantizers->luma, choice->levels, NULL, prediction, 4, place,
        coder->strides[0]);
}

void vp8_try_blocks(struct vp8_coder *coder, float most, struct vp8_way *way)
{
    uint8_t above[4], left[4], above_modes[4], left_modes[4];
    struct block block = {.predictions = {{0}}};
    const size_t stride = coder->strides[0];

    memcpy(above, coder->above, sizeof above);
    memcpy(left, coder->left, sizeof left);
    memcpy(above_modes, coder->above_modes, sizeof above_modes);
    memcpy(left_modes, coder->left_modes, sizeof left_modes);
    way->mode = VP8_BY_BLOCKS;
    way->cost = way->mode_bits = BLOCKS_BITS;
    for (size_t index = 0; index < VP8_LUMA_BLOCKS && way->cost < most; index++) {
        const size_t x = index % 4, y = index / 4;
        uint8_t *const place = coder->places[0] + 4 * y * stride + 4 * x;
        const uint8_t *const after = x == 3 ? coder->after : place - stride + 4;
        struct choice best;
        block.mode_bits = coder->block_mode_bits[above_modes[x]][left_modes[y]];
        look(coder, place, after, index, &block);
        choose(coder, &block, above[x] + left[y], &best);
        reconstruct(coder, &block, &best, place);
        way->cost += best.cost;
        way->mode_bits += block.mode_bits[best.mode];
        way->block_modes[index] = above_modes[x] = left_modes[y] = (uint8_t)best.mode;
        memcpy(way->levels[index], best.levels, sizeof best.levels);
        above[x] = left[y] = vp8_end_of(best.levels, 0) > 0;
    }
}
