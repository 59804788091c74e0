/* All macroblocks of a frame: what each is predicted by, and its levels. */

#include <stdlib.h>
#include <string.h>

#include "webp/coder.h"

/* Rows of macroblocks after which costs are made anew of what was coded. */
enum { ROWS_BETWEEN = 4 };

/* Of a macroblock: its segment, whether it is empty, and its chroma's mode, at most. */
static const float OTHER_BITS = 10.0F;

/* RFC 6386, 11.5: which branches lead to each mode of a block. */
static void mode_bits_of(const uint8_t *probabilities, float *bits)
{
    float zero[VP8_BLOCK_MODES - 1], one[VP8_BLOCK_MODES - 1];

    for (int i = 0; i < VP8_BLOCK_MODES - 1; i++) {
        zero[i] = vp8_bit_cost(0, probabilities[i]);
        one[i] = vp8_bit_cost(1, probabilities[i]);
    }
    const float right = one[0] + one[1] + one[2] + zero[3];
    const float left = one[0] + one[1] + one[2] + one[3];
    bits[VP8_B_DC] = zero[0];
    bits[VP8_B_TRUE_MOTION] = one[0] + zero[1];
    bits[VP8_B_VERTICAL] = one[0] + one[1] + zero[2];
    bits[VP8_B_HORIZONTAL] = right + zero[4];
    bits[VP8_B_RIGHT_DOWN] = right + one[4] + zero[5];
    bits[VP8_B_VERTICAL_RIGHT] = right + one[4] + one[5];
    bits[VP8_B_LEFT_DOWN] = left + zero[6];
    bits[VP8_B_VERTICAL_LEFT] = left + one[6] + zero[7];
    bits[VP8_B_HORIZONTAL_DOWN] = left + one[6] + one[7] + zero[8];
    bits[VP8_B_HORIZONTAL_UP] = left + one[6] + one[7] + one[8];
}

static void set_quantizer(struct vp8_quantizer *quantizer, const int *steps, const float *weights,
    float scale)
{
    quantizer->steps[0] = steps[0];
    quantizer->steps[1] = steps[1];
    for (int i = 0; i < VP8_BLOCK; i++) {
        const float step = (float)steps[i > 0];
        quantizer->inverses[i] = 1.0F / step;
        quantizer->weights[i] = scale * weights[i / 4] * weights[i % 4] * step * step;
    }
}

static void prepare(struct vp8_coder *coder, const struct vp8_design *design,
    const struct vp8_segment *segments, const struct vp8_deltas *deltas)
{
    /* A squared error of Y2 is that of DC coefficients times 4. */
    static const float even[4] = {1.0F, 1.0F, 1.0F, 1.0F}, of_y2 = 0.25F;

    coder->design = design;
    for (int index = 0; index < VP8_SEGMENTS; index++) {
        struct vp8_segment_quantizers *const quantizers = &coder->segments[index];
        struct vp8_steps steps;
        vp8_steps_of(segments[index].quantizer, deltas, &steps);
        set_quantizer(&quantizers->luma, steps.y1, design->luma_weights, 1.0F);
        set_quantizer(&quantizers->y2, steps.y2, even,
            of_y2 * design->luma_weights[0] * design->luma_weights[0]);
        set_quantizer(&quantizers->chroma, steps.uv, design->chroma_weights, 1.0F);
        quantizers->bit_cost = segments[index].bit_cost;
    }
    for (int above = 0; above < VP8_BLOCK_MODES; above++) {
        for (int left = 0; left < VP8_BLOCK_MODES; left++) {
            mode_bits_of(vp8_block_mode_probabilities[above][left],
                coder->block_mode_bits[above][left]);
        }
    }
}

/* What lies outside of the picture: 127 above, 129 to the left (RFC 6386, 12.2). */
static void set_border(uint8_t *plane, size_t high, size_t wide)
{
    const size_t stride = wide + VP8_LEFT + VP8_RIGHT;

    memset(plane, 127, stride);
    for (size_t y = 1; y <= high; y++) {
        memset(plane + y * stride, 129, VP8_LEFT);
    }
}

/* Costs by what was expected, or by RFC 6386's probabilities where nothing is, and by what was
 * coded since. */
static void refresh(struct vp8_coder *coder, const uint32_t *expected, const uint32_t *taken)
{
    enum { PLACES = sizeof(vp8_probabilities), WEIGHT = 32 };
    const uint8_t *const usual = &vp8_default_probabilities[0][0][0][0];
    vp8_counts sums;
    uint32_t *const all = &sums[0][0][0][0][0];

    for (size_t i = 0; i < PLACES; i++) {
        const uint32_t zeros = WEIGHT * usual[i] / 256;
        all[2 * i] = taken[2 * i] + (expected == NULL ? zeros : expected[2 * i]);
        all[2 * i + 1] = taken[2 * i + 1] + (expected == NULL ? WEIGHT - zeros : expected[2 * i + 1]);
    }
    vp8_costs_of(sums, coder->costs);
}

/* Points the coder at a macroblock. */
static void enter(struct vp8_coder *coder, const struct vp8_shape *shape,
    uint8_t *const *planes, const uint8_t *const *sources, size_t row, size_t column)
{
    for (size_t plane = 0; plane < 3; plane++) {
        const size_t side = plane == 0 ? VP8_SIDE : VP8_HALF, wide = shape->wide * side;
        coder->strides[plane] = wide + VP8_LEFT + VP8_RIGHT;
        coder->source_strides[plane] = wide;
        coder->sources[plane] = sources[plane] + row * side * wide + column * side;
        coder->places[plane] = planes[plane] + (1 + row * side) * coder->strides[plane] + VP8_LEFT
            + column * side;
    }
    coder->has_above = row > 0;
    coder->has_left = column > 0;
    const uint8_t *const above = coder->places[0] - coder->strides[0];
    if (row > 0 && column + 1 == shape->wide) {
        memset(coder->after, above[VP8_SIDE - 1], sizeof coder->after);
    } else {
        memcpy(coder->after, above + VP8_SIDE, sizeof coder->after);
    }
    vp8_lanes samples;
    vp8_to_lanes(coder->sources[0], coder->source_strides[0], VP8_SIDE, 0, samples);
    vp8_forward(samples, coder->luma);
}

/* Counts a block's tokens, and tells its neighbours whether it has any. */
static int settle(const int16_t *levels, int type, uint8_t *above, uint8_t *left, vp8_counts counts)
{
    const int context = *above + *left, has_any = vp8_count(levels, type, context, counts);

    *above = *left = (uint8_t)has_any;
    return has_any;
}

static int has_levels(const int16_t *levels, int is_by_blocks)
{
    const int blocks = is_by_blocks ? VP8_Y2 : VP8_BLOCKS;

    for (int i = 0; i < blocks * VP8_BLOCK; i++) {
        if (levels[i] != 0) {
            return 1;
        }
    }
    return 0;
}

static void count_macroblock(
    struct vp8_coder *coder, const struct vp8_macroblock *macroblock, int16_t *levels,
    vp8_counts counts)
{
    const int is_by_blocks = macroblock->luma_mode == VP8_BY_BLOCKS;

    if (macroblock->is_empty) {
        const size_t kept = VP8_NEIGHBOUR_Y2;
        memset(coder->above, 0, is_by_blocks ? kept : kept + 1);
        memset(coder->left, 0, is_by_blocks ? kept : kept + 1);
        return;
    }
    if (!is_by_blocks) {
        settle(levels + VP8_Y2 * VP8_BLOCK, VP8_TYPE_Y2, coder->above + VP8_NEIGHBOUR_Y2,
            coder->left + VP8_NEIGHBOUR_Y2, counts);
    }
    const int type = is_by_blocks ? VP8_TYPE_WHOLE : VP8_TYPE_AC;
    for (int block = 0; block < VP8_LUMA_BLOCKS; block++) {
        settle(levels + block * VP8_BLOCK, type, coder->above + block % 4,
            coder->left + block / 4, counts);
    }
    for (int block = 0; block < VP8_CHROMA_BLOCKS; block++) {
        const int plane = VP8_NEIGHBOUR_BLUE + block / 4 * 2;
        settle(levels + (VP8_LUMA_BLOCKS + block) * VP8_BLOCK, VP8_TYPE_CHROMA,
            coder->above + plane + block % 2, coder->left + plane + block % 4 / 2, counts);
    }
}

/* The mode of a block that a whole macroblock's stands for. */
static const uint8_t BLOCK_MODE_OF[VP8_MODES]
    = {VP8_B_DC, VP8_B_VERTICAL, VP8_B_HORIZONTAL, VP8_B_TRUE_MOTION};

/* The bits that a macroblock's modes take. */
static float code(struct vp8_coder *coder, struct vp8_macroblock *macroblock, int16_t *levels,
    int may_use_blocks, vp8_counts counts)
{
    struct vp8_way ways[2], *const whole = &ways[0], *const blocks = &ways[1];
    const size_t luma = VP8_LUMA_BLOCKS * VP8_BLOCK;

    memset(ways, 0, sizeof ways);
    vp8_try_whole(coder, whole);
    vp8_try_blocks(coder, may_use_blocks ? whole->cost : 0.0F, blocks);
    const int by_blocks = may_use_blocks && blocks->cost < whole->cost;
    struct vp8_way *const best = by_blocks ? blocks : whole;
    const float mode_bits = best->mode_bits;
    if (best == whole) {
        vp8_reconstruct_whole(coder, whole);
        memset(whole->block_modes, BLOCK_MODE_OF[whole->mode], VP8_LUMA_BLOCKS);
    }
    macroblock->luma_mode = (uint8_t)best->mode;
    memcpy(macroblock->block_modes, best->block_modes, VP8_LUMA_BLOCKS);
    memcpy(levels, best->levels, luma * sizeof *levels);
    memcpy(levels + VP8_Y2 * VP8_BLOCK, best->levels[VP8_Y2], VP8_BLOCK * sizeof *levels);
    vp8_try_chroma(coder, best);
    macroblock->chroma_mode = (uint8_t)best->mode;
    memcpy(levels + luma, best->levels[VP8_LUMA_BLOCKS],
        VP8_CHROMA_BLOCKS * VP8_BLOCK * sizeof *levels);
    macroblock->is_empty = (uint8_t)!has_levels(levels, macroblock->luma_mode == VP8_BY_BLOCKS);
    for (size_t i = 0; i < 4; i++) {
        coder->above_modes[i] = macroblock->block_modes[12 + i];
        coder->left_modes[i] = macroblock->block_modes[4 * i + 3];
    }
    count_macroblock(coder, macroblock, levels, counts);
    return mode_bits;
}

/* All modes have to fit into the first partition, of less than 2^19 bytes: in a picture of more
 * than 20,000 macroblocks those so far may take their share of it and an eighth in advance. */
static int may_use_blocks(float used, size_t index, size_t count)
{
    const float most = 8.0F * 500000.0F, advance = most / 8.0F;
    const float share = (most - advance) * (float)(index + 1) / (float)count;

    return used < advance + share;
}

static void set_weights(struct vp8_coder *coder, const float *bit_factors)
{
    const float bit_cost = coder->quantizers->bit_cost;

    for (size_t block = 0; block < VP8_LUMA_BLOCKS; block++) {
        coder->luma_weights[block] = 1.0F / (bit_cost * bit_factors[block]);
    }
    coder->weight = 1.0F / (bit_cost * bit_factors[VP8_LUMA_BLOCKS]);
}

int leanpix_vp8_quantize(const struct vp8_shape *shape, const struct vp8_design *design,
    const struct vp8_segment *quantizers, const struct vp8_deltas *deltas, const uint8_t *luma,
    const uint8_t *blue, const uint8_t *red, const uint8_t *segments, const float *bit_factors,
    const uint32_t *expected, uint32_t *taken, const struct vp8_frame *frame)
{
    const uint8_t *const sources[3] = {luma, blue, red};
    struct vp8_coder *const coder = malloc(sizeof *coder);
    uint8_t *const neighbours = calloc(shape->wide, VP8_NEIGHBOURS + 4);
    uint8_t left[VP8_NEIGHBOURS], left_modes[4];
    float used = 0.0F;

    if (coder == NULL || neighbours == NULL) {
        free(coder);
        free(neighbours);
        return LEANPIX_OUT_OF_MEMORY;
    }
    prepare(coder, design, quantizers, deltas);
    for (size_t plane = 0; plane < 3; plane++) {
        const size_t side = plane == 0 ? VP8_SIDE : VP8_HALF;
        set_border(frame->planes[plane], shape->high * side, shape->wide * side);
    }
    memset(taken, 0, sizeof(vp8_counts));
    coder->left = left;
    coder->left_modes = left_modes;
    for (size_t index = 0; index < shape->high * shape->wide; index++) {
        const size_t row = index / shape->wide, column = index % shape->wide;
        if (column == 0) {
            memset(left, 0, sizeof left);
            memset(left_modes, VP8_B_DC, sizeof left_modes);
            if (row % ROWS_BETWEEN == 0) {
                refresh(coder, expected, taken);
            }
        }
        coder->above = neighbours + column * (VP8_NEIGHBOURS + 4);
        coder->above_modes = coder->above + VP8_NEIGHBOURS;
        coder->quantizers = &coder->segments[segments[index]];
        set_weights(coder, bit_factors + index * VP8_FACTORS);
        enter(coder, shape, frame->planes, sources, row, column);
        frame->macroblocks[index].segment = segments[index];
        used += OTHER_BITS
            + code(coder, &frame->macroblocks[index],
                frame->levels + index * VP8_BLOCKS * VP8_BLOCK,
                may_use_blocks(used, index, shape->high * shape->wide),
                (uint32_t(*)[VP8_BANDS][VP8_CONTEXTS][VP8_BRANCHES][2])taken);
    }
    free(coder);
    free(neighbours);
    return LEANPIX_OK;
}
