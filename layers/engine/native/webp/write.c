/* A frame as bits (RFC 6386, 9, 11, 13 and 19). */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "webp/bits.h"
#include "webp/tokens.h"

enum { FRAME_HEADER = 10, MOST_OF_FIRST = (1 << 19) - 1 };

/* The probabilities that a file writes. */
struct probabilities {
    vp8_probabilities tokens;
    uint8_t segments[3], skip;
    int has_segments;
};

/* Of 0, by how often it was 0 and 1. */
static uint8_t probability_of(uint64_t zeros, uint64_t ones)
{
    const uint64_t sum = zeros + ones;
    const uint64_t scaled = sum == 0 ? 255 : (zeros * 256 + sum / 2) / sum;

    return (uint8_t)(scaled < 1 ? 1 : scaled > 255 ? 255 : scaled);
}

static float bits_at(const uint32_t *counts, unsigned probability)
{
    return (float)counts[0] * vp8_bit_cost(0, probability)
        + (float)counts[1] * vp8_bit_cost(1, probability);
}

/* A new probability takes a byte and what saying so takes. */
static uint8_t best_of(const uint32_t *counts, uint8_t usual, uint8_t unchanged)
{
    const uint8_t found = probability_of(counts[0], counts[1]);
    const float kept = bits_at(counts, usual) + vp8_bit_cost(0, unchanged);
    const float changed = bits_at(counts, found) + vp8_bit_cost(1, unchanged) + 8.0F;

    return changed < kept ? found : usual;
}

static void choose_tokens(const uint32_t *taken, vp8_probabilities tokens)
{
    enum { ALL = sizeof(vp8_probabilities) };
    const uint8_t *const usual = &vp8_default_probabilities[0][0][0][0];
    const uint8_t *const unchanged = &vp8_unchanged_probabilities[0][0][0][0];
    uint8_t *const chosen = &tokens[0][0][0][0];

    for (size_t i = 0; i < ALL; i++) {
        chosen[i] = best_of(taken + 2 * i, usual[i], unchanged[i]);
    }
}

static void choose_rest(const struct vp8_shape *shape, const struct vp8_macroblock *macroblocks,
    struct probabilities *chosen)
{
    const size_t all = shape->high * shape->wide;
    size_t of_segment[VP8_SEGMENTS] = {0}, empty = 0;

    for (size_t i = 0; i < all; i++) {
        of_segment[macroblocks[i].segment]++;
        empty += macroblocks[i].is_empty;
    }
    const size_t low = of_segment[0] + of_segment[1], high = of_segment[2] + of_segment[3];
    chosen->has_segments = of_segment[0] != all;
    chosen->segments[0] = probability_of(low, high);
    chosen->segments[1] = probability_of(of_segment[0], of_segment[1]);
    chosen->segments[2] = probability_of(of_segment[2], of_segment[3]);
    chosen->skip = probability_of(all - empty, empty);
}

static void put_segments(struct vp8_bits *bits, const struct probabilities *chosen,
    const struct vp8_segment *quantizers, const struct vp8_filter *filter)
{
    vp8_put(bits, chosen->has_segments, 128);
    if (!chosen->has_segments) {
        return;
    }
    vp8_put_number(bits, 7, 3); /* a map, data, and that they are absolute */
    for (int i = 0; i < VP8_SEGMENTS; i++) {
        vp8_put_optional(bits, quantizers[i].quantizer, 7);
    }
    for (int i = 0; i < VP8_SEGMENTS; i++) {
        vp8_put_optional(bits, filter->levels[i], 6);
    }
    for (int i = 0; i < 3; i++) {
        vp8_put(bits, chosen->segments[i] != 255, 128);
        if (chosen->segments[i] != 255) {
            vp8_put_number(bits, chosen->segments[i], 8);
        }
    }
}

static void put_header(struct vp8_bits *bits, const struct probabilities *chosen,
    const struct vp8_segment *quantizers, const struct vp8_deltas *deltas,
    const struct vp8_filter *filter)
{
    int level = filter->levels[0];

    vp8_put_number(bits, 0, 2); /* BT.601, and samples need clamping */
    put_segments(bits, chosen, quantizers, filter);
    for (int i = 1; chosen->has_segments && i < VP8_SEGMENTS; i++) {
        level = level < filter->levels[i] ? filter->levels[i] : level;
    }
    vp8_put(bits, 0, 128); /* the normal loop filter */
    vp8_put_number(bits, (uint32_t)level, 6);
    vp8_put_number(bits, (uint32_t)filter->sharpness, 3);
    vp8_put_number(bits, 0, 3); /* no changes of the filter by mode; one partition of tokens */
    vp8_put_number(bits, (uint32_t)quantizers[0].quantizer, 7);
    vp8_put_optional(bits, deltas->y1_dc, 4);
    vp8_put_optional(bits, deltas->y2_dc, 4);
    vp8_put_optional(bits, deltas->y2_ac, 4);
    vp8_put_optional(bits, deltas->uv_dc, 4);
    vp8_put_optional(bits, deltas->uv_ac, 4);
    vp8_put(bits, 0, 128); /* there is no frame after this one */
}

static void put_probabilities(struct vp8_bits *bits, const struct probabilities *chosen)
{
    const uint8_t *const usual = &vp8_default_probabilities[0][0][0][0];
    const uint8_t *const unchanged = &vp8_unchanged_probabilities[0][0][0][0];
    const uint8_t *const tokens = &chosen->tokens[0][0][0][0];

    for (size_t i = 0; i < sizeof(vp8_probabilities); i++) {
        vp8_put(bits, tokens[i] != usual[i], unchanged[i]);
        if (tokens[i] != usual[i]) {
            vp8_put_number(bits, tokens[i], 8);
        }
    }
    vp8_put(bits, 1, 128);
    vp8_put_number(bits, chosen->skip, 8);
}

/* A way through a tree: each branch's place in the table of probabilities, times 2, and the bit. */
struct route {
    uint8_t count, steps[VP8_BLOCK_MODES];
};

static const struct route BLOCK_ROUTES[VP8_BLOCK_MODES] = {
    [VP8_B_DC] = {1, {0}},
    [VP8_B_TRUE_MOTION] = {2, {1, 2}},
    [VP8_B_VERTICAL] = {3, {1, 3, 4}},
    [VP8_B_HORIZONTAL] = {5, {1, 3, 5, 6, 8}},
    [VP8_B_RIGHT_DOWN] = {6, {1, 3, 5, 6, 9, 10}},
    [VP8_B_VERTICAL_RIGHT] = {6, {1, 3, 5, 6, 9, 11}},
    [VP8_B_LEFT_DOWN] = {5, {1, 3, 5, 7, 12}},
    [VP8_B_VERTICAL_LEFT] = {6, {1, 3, 5, 7, 13, 14}},
    [VP8_B_HORIZONTAL_DOWN] = {7, {1, 3, 5, 7, 13, 15, 16}},
    [VP8_B_HORIZONTAL_UP] = {7, {1, 3, 5, 7, 13, 15, 17}},
};
/* RFC 6386, 11.2 and 11.4. */
static const uint8_t LUMA_PROBABILITIES[4] = {145, 156, 163, 128};
static const struct route LUMA_ROUTES[VP8_MODES + 1] = {
    [VP8_DC] = {3, {1, 2, 4}},
    [VP8_VERTICAL] = {3, {1, 2, 5}},
    [VP8_HORIZONTAL] = {3, {1, 3, 6}},
    [VP8_TRUE_MOTION] = {3, {1, 3, 7}},
    [VP8_BY_BLOCKS] = {1, {0}},
};
static const uint8_t CHROMA_PROBABILITIES[3] = {142, 114, 183};
static const struct route CHROMA_ROUTES[VP8_MODES] = {
    [VP8_DC] = {1, {0}},
    [VP8_VERTICAL] = {2, {1, 2}},
    [VP8_HORIZONTAL] = {3, {1, 3, 4}},
    [VP8_TRUE_MOTION] = {3, {1, 3, 5}},
};

static void put_route(
    struct vp8_bits *bits, const struct route *route, const uint8_t *probabilities)
{
    for (int i = 0; i < route->count; i++) {
        vp8_put(bits, route->steps[i] & 1, probabilities[route->steps[i] >> 1]);
    }
}

static void put_modes(struct vp8_bits *bits, const struct vp8_macroblock *macroblock,
    const struct probabilities *chosen, uint8_t *above, uint8_t *left)
{
    if (chosen->has_segments) {
        vp8_put(bits, macroblock->segment >> 1, chosen->segments[0]);
        vp8_put(bits, macroblock->segment & 1, chosen->segments[1 + (macroblock->segment >> 1)]);
    }
    vp8_put(bits, macroblock->is_empty, chosen->skip);
    put_route(bits, &LUMA_ROUTES[macroblock->luma_mode], LUMA_PROBABILITIES);
    for (int block = 0; block < VP8_LUMA_BLOCKS; block++) {
        const uint8_t mode = macroblock->block_modes[block];
        uint8_t *const over = &above[block % 4], *const beside = &left[block / 4];
        if (macroblock->luma_mode == VP8_BY_BLOCKS) {
            put_route(
                bits, &BLOCK_ROUTES[mode], vp8_block_mode_probabilities[*over][*beside]);
        }
        *over = *beside = mode;
    }
    put_route(bits, &CHROMA_ROUTES[macroblock->chroma_mode], CHROMA_PROBABILITIES);
}

static int put_all_modes(struct vp8_bits *bits, const struct vp8_shape *shape,
    const struct vp8_macroblock *macroblocks, const struct probabilities *chosen)
{
    uint8_t *const above = calloc(shape->wide, 4);

    if (above == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    for (size_t row = 0; row < shape->high; row++) {
        uint8_t left[4] = {VP8_B_DC, VP8_B_DC, VP8_B_DC, VP8_B_DC};
        for (size_t column = 0; column < shape->wide; column++) {
            put_modes(bits, &macroblocks[row * shape->wide + column], chosen, above + 4 * column,
                left);
        }
    }
    free(above);
    return LEANPIX_OK;
}

/* A value above 4, by the branches of its category, its extra bits. */
static void put_large(struct vp8_bits *bits, int magnitude, const uint8_t *probabilities)
{
    const int category = vp8_category_of(magnitude);
    const uint8_t *const extra = vp8_category_bits[category];
    const int above = magnitude - vp8_category_first[category];
    int count = 0;

    vp8_put(bits, category > 1, probabilities[6]);
    if (category <= 1) {
        vp8_put(bits, category, probabilities[7]);
    } else {
        vp8_put(bits, category > 3, probabilities[8]);
        vp8_put(bits, category & 1, probabilities[category > 3 ? 10 : 9]);
    }
    while (extra[count] != 0) {
        count++;
    }
    for (int i = 0; i < count; i++) {
        vp8_put(bits, above >> (count - 1 - i) & 1, extra[i]);
    }
}

static void put_value(struct vp8_bits *bits, int value, const uint8_t *probabilities)
{
    const int magnitude = value < 0 ? -value : value;

    vp8_put(bits, magnitude > 0, probabilities[1]);
    if (magnitude == 0) {
        return;
    }
    vp8_put(bits, magnitude > 1, probabilities[2]);
    if (magnitude > 1) {
        vp8_put(bits, magnitude > 4, probabilities[3]);
        if (magnitude > 4) {
            put_large(bits, magnitude, probabilities);
        } else {
            vp8_put(bits, magnitude > 2, probabilities[4]);
            if (magnitude > 2) {
                vp8_put(bits, magnitude > 3, probabilities[5]);
            }
        }
    }
    vp8_put(bits, value < 0, 128);
}

/* A block's tokens; its neighbours learn whether it has any. */
static void put_block(struct vp8_bits *bits, const int16_t *levels, int type,
    const struct probabilities *chosen, uint8_t *above, uint8_t *left)
{
    const int first = vp8_first_of(type), end = vp8_end_of(levels, first);
    int context = *above + *left, is_after_zero = 0;

    for (int place = first; place < end; place++) {
        const uint8_t *const probabilities = chosen->tokens[type][vp8_band_of[place]][context];
        const int value = levels[place];
        if (!is_after_zero) {
            vp8_put(bits, 1, probabilities[0]);
        }
        put_value(bits, value, probabilities);
        is_after_zero = value == 0;
        context = vp8_context_of(value < 0 ? -value : value);
    }
    if (end < VP8_BLOCK) {
        vp8_put(bits, 0, chosen->tokens[type][vp8_band_of[end]][context][0]);
    }
    *above = *left = end > first;
}

/* Neighbours are four blocks of luma, two of each chroma, and Y2. */
enum { NEIGHBOURS = 9, NEIGHBOUR_BLUE = 4, NEIGHBOUR_Y2 = 8 };

static void put_tokens(struct vp8_bits *bits, const struct vp8_macroblock *macroblock,
    const int16_t *levels, const struct probabilities *chosen, uint8_t *above, uint8_t *left)
{
    const int is_by_blocks = macroblock->luma_mode == VP8_BY_BLOCKS;

    if (macroblock->is_empty) {
        memset(above, 0, is_by_blocks ? NEIGHBOUR_Y2 : NEIGHBOURS);
        memset(left, 0, is_by_blocks ? NEIGHBOUR_Y2 : NEIGHBOURS);
        return;
    }
    if (!is_by_blocks) {
        put_block(bits, levels + VP8_Y2 * VP8_BLOCK, VP8_TYPE_Y2, chosen, above + NEIGHBOUR_Y2,
            left + NEIGHBOUR_Y2);
    }
    for (int block = 0; block < VP8_LUMA_BLOCKS; block++) {
        put_block(bits, levels + block * VP8_BLOCK, is_by_blocks ? VP8_TYPE_WHOLE : VP8_TYPE_AC,
            chosen, above + block % 4, left + block / 4);
    }
    for (int block = 0; block < VP8_CHROMA_BLOCKS; block++) {
        const int plane = NEIGHBOUR_BLUE + block / 4 * 2;
        put_block(bits, levels + (VP8_LUMA_BLOCKS + block) * VP8_BLOCK, VP8_TYPE_CHROMA, chosen,
            above + plane + block % 2, left + plane + block % 4 / 2);
    }
}

static int put_all_tokens(struct vp8_bits *bits, const struct vp8_shape *shape,
    const struct vp8_frame *frame, const struct probabilities *chosen)
{
    uint8_t *const above = calloc(shape->wide, NEIGHBOURS);

    if (above == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    for (size_t row = 0; row < shape->high; row++) {
        uint8_t left[NEIGHBOURS] = {0};
        for (size_t column = 0; column < shape->wide; column++) {
            const size_t index = row * shape->wide + column;
            put_tokens(bits, &frame->macroblocks[index],
                frame->levels + index * VP8_BLOCKS * VP8_BLOCK, chosen,
                above + NEIGHBOURS * column, left);
        }
    }
    free(above);
    return LEANPIX_OK;
}

/* RFC 6386, 9.1. */
static void put_frame_header(const struct vp8_shape *shape, size_t first_partition, uint8_t *bytes)
{
    const uint32_t tag = 1U << 4 | (uint32_t)first_partition << 5; /* a key frame that is shown */
    const uint8_t start[3] = {0x9D, 0x01, 0x2A};

    for (int i = 0; i < 3; i++) {
        bytes[i] = (uint8_t)(tag >> (8 * i));
        bytes[3 + i] = start[i];
    }
    bytes[6] = (uint8_t)shape->width;
    bytes[7] = (uint8_t)(shape->width >> 8);
    bytes[8] = (uint8_t)shape->height;
    bytes[9] = (uint8_t)(shape->height >> 8);
}

int leanpix_vp8_write(const struct vp8_shape *shape, const struct vp8_segment *quantizers,
    const struct vp8_deltas *deltas, const struct vp8_filter *filter,
    const struct vp8_frame *frame, const uint32_t *taken, uint8_t *bytes, size_t capacity,
    size_t *written)
{
    struct probabilities chosen;
    struct vp8_bits bits;

    if (capacity < FRAME_HEADER) {
        return LEANPIX_NO_ROOM;
    }
    choose_tokens(taken, chosen.tokens);
    choose_rest(shape, frame->macroblocks, &chosen);
    vp8_bits_begin(&bits, bytes + FRAME_HEADER, capacity - FRAME_HEADER);
    put_header(&bits, &chosen, quantizers, deltas, filter);
    put_probabilities(&bits, &chosen);
    int outcome = put_all_modes(&bits, shape, frame->macroblocks, &chosen);
    vp8_bits_end(&bits);
    const size_t first = bits.count;
    const int was_full = bits.is_full;
    if (outcome != LEANPIX_OK || was_full || first > MOST_OF_FIRST) {
        return outcome != LEANPIX_OK ? outcome : LEANPIX_NO_ROOM;
    }
    vp8_bits_begin(&bits, bytes + FRAME_HEADER + first, capacity - FRAME_HEADER - first);
    outcome = put_all_tokens(&bits, shape, frame, &chosen);
    vp8_bits_end(&bits);
    put_frame_header(shape, first, bytes);
    *written = FRAME_HEADER + first + bits.count;
    return outcome != LEANPIX_OK ? outcome : bits.is_full ? LEANPIX_NO_ROOM : LEANPIX_OK;
}
