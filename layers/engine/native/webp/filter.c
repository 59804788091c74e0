/* The normal loop filter (RFC 6386, 15.3), macroblock by macroblock as decoders do it. */

#include <stdlib.h>

#include "webp/tables.h"

/* Limits of one macroblock. */
struct limits {
    int level, edge, inner, high_variance;
};

static inline int clamp_signed(int value)
{
    return value < -128 ? -128 : value > 127 ? 127 : value;
}

static inline uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline int is_within(const uint8_t *sample, ptrdiff_t step, int limit)
{
    return abs(sample[0] - sample[step]) <= limit;
}

/* Whether the step across an edge is small enough to be no edge of the picture. `sample` is the
 * first behind it. */
static inline int is_smooth(const uint8_t *sample, ptrdiff_t step, int edge, int inner)
{
    const int across = 4 * abs(sample[0] - sample[-step]) + abs(sample[step] - sample[-2 * step]);

    return across <= 2 * edge + 1 && is_within(sample - 4 * step, step, inner)
        && is_within(sample - 3 * step, step, inner) && is_within(sample - 2 * step, step, inner)
        && is_within(sample, step, inner) && is_within(sample + step, step, inner)
        && is_within(sample + 2 * step, step, inner);
}

static inline int has_high_variance(const uint8_t *sample, ptrdiff_t step, int limit)
{
    return !is_within(sample - 2 * step, step, limit) || !is_within(sample, step, limit);
}

static inline int quarter_of_three(int value, int rounding)
{
    const int shifted = (value + rounding) >> 3;

    return shifted < -16 ? -16 : shifted > 15 ? 15 : shifted;
}

/* The two samples at the edge, by their difference and those outside. */
static void filter_two(uint8_t *sample, ptrdiff_t step)
{
    const int outer = clamp_signed(sample[-2 * step] - sample[step]);
    const int value = 3 * (sample[0] - sample[-step]) + outer;

    const int before = sample[-step] + quarter_of_three(value, 3);
    const int behind = sample[0] - quarter_of_three(value, 4);
    sample[-step] = clamp(before);
    sample[0] = clamp(behind);
}

/* Two samples on both sides; between blocks of a macroblock. */
static void filter_four(uint8_t *sample, ptrdiff_t step)
{
    const int value = 3 * (sample[0] - sample[-step]);
    const int behind = quarter_of_three(value, 4), before = quarter_of_three(value, 3);
    const int outer = (behind + 1) >> 1;

    sample[-2 * step] = clamp(sample[-2 * step] + outer);
    sample[-step] = clamp(sample[-step] + before);
    sample[0] = clamp(sample[0] - behind);
    sample[step] = clamp(sample[step] - outer);
}

/* Three samples on both sides; between macroblocks. */
static void filter_six(uint8_t *sample, ptrdiff_t step)
{
    const int outer = clamp_signed(sample[-2 * step] - sample[step]);
    const int value = clamp_signed(3 * (sample[0] - sample[-step]) + outer);

    for (ptrdiff_t away = 0; away < 3; away++) {
        const int change = ((27 - 9 * (int)away) * value + 63) >> 7;
        uint8_t *const before = sample - (away + 1) * step, *const behind = sample + away * step;
        *before = clamp(*before + change);
        *behind = clamp(*behind - change);
    }
}

/* `count` samples along an edge, `along` from one another; `step` leads across. */
static void filter_edge(uint8_t *sample, ptrdiff_t step, ptrdiff_t along, int count,
    const struct limits *limits, int is_outer)
{
    const int edge = 2 * limits->level + limits->inner + (is_outer ? 4 : 0);

    for (int i = 0; i < count; i++, sample += along) {
        if (!is_smooth(sample, step, edge, limits->inner)) {
            continue;
        }
        if (has_high_variance(sample, step, limits->high_variance)) {
            filter_two(sample, step);
        } else if (is_outer) {
            filter_six(sample, step);
        } else {
            filter_four(sample, step);
        }
    }
}

/* The edges of one direction, of a plane's part of `side` samples. */
static void filter_across(uint8_t *place, ptrdiff_t step, ptrdiff_t along, int side,
    const struct limits *limits, int has_outer, int has_inner)
{
    if (has_outer) {
        filter_edge(place, step, along, side, limits, 1);
    }
    if (has_inner) {
        for (int at = 4; at < side; at += 4) {
            filter_edge(place + at * step, step, along, side, limits, 0);
        }
    }
}

/* RFC 6386, 15.2 to 15.4, of key frames. */
static struct limits limits_of(int level, int sharpness)
{
    const int shifted = sharpness > 4 ? level >> 2 : sharpness > 0 ? level >> 1 : level;
    const int bounded = sharpness > 0 && shifted > 9 - sharpness ? 9 - sharpness : shifted;

    return (struct limits){
        .level = level,
        .inner = bounded < 1 ? 1 : bounded,
        .high_variance = level >= 40 ? 2 : level >= 15 ? 1 : 0,
    };
}

int leanpix_vp8_filter(const struct vp8_shape *shape, const struct vp8_macroblock *macroblocks,
    const struct vp8_filter *filter, uint8_t *luma, uint8_t *blue, uint8_t *red)
{
    uint8_t *const planes[3] = {luma, blue, red};

    for (size_t index = 0; index < shape->high * shape->wide; index++) {
        const struct vp8_macroblock *const macroblock = &macroblocks[index];
        const size_t row = index / shape->wide, column = index % shape->wide;
        const int level = filter->levels[macroblock->segment];
        const struct limits limits = limits_of(level, filter->sharpness);
        const int has_inner = macroblock->luma_mode == VP8_BY_BLOCKS || !macroblock->is_empty;
        for (size_t plane = 0; level > 0 && plane < 3; plane++) {
            const size_t side = plane == 0 ? VP8_SIDE : VP8_HALF;
            const size_t stride = shape->wide * side + VP8_LEFT + VP8_RIGHT;
            uint8_t *const place
                = planes[plane] + (1 + row * side) * stride + VP8_LEFT + column * side;
            filter_across(
                place, 1, (ptrdiff_t)stride, (int)side, &limits, column > 0, has_inner);
            filter_across(place, (ptrdiff_t)stride, 1, (int)side, &limits, row > 0, has_inner);
        }
    }
    return LEANPIX_OK;
}
