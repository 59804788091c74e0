/* VP8 key frames (RFC 6386), the lossy half of WebP: from pixels to quantized coefficients and back
 * to the pixels that libwebp's decoder shows, and to bits.
 *
 * The quality is searched for before any file exists, so these are steps of their own. A picture is
 * three planes, Y whole and U and V halved, filled up to whole macroblocks of 16 x 16. Planes that
 * are reconstructed have a border: one row above and VP8_LEFT columns to the left, VP8_RIGHT to the
 * right, which prediction reads. */

#ifndef LEANPIX_VP8_H
#define LEANPIX_VP8_H

#include <stddef.h>
#include <stdint.h>

#include "leanpix.h"

enum {
    VP8_SIDE = 16,
    VP8_HALF = 8,
    VP8_BLOCK = 16, /* coefficients of a block of 4 x 4 */
    VP8_LUMA_BLOCKS = 16,
    VP8_CHROMA_BLOCKS = 8,
    VP8_Y2 = VP8_LUMA_BLOCKS + VP8_CHROMA_BLOCKS, /* the block of the 16 DC coefficients */
    VP8_BLOCKS = VP8_Y2 + 1,
    VP8_LEFT = 16,
    VP8_RIGHT = 16,
    VP8_SEGMENTS = 4,
    VP8_TYPES = 4,
    VP8_BANDS = 8,
    VP8_CONTEXTS = 3,
    VP8_BRANCHES = 11,
    VP8_FACTORS = VP8_LUMA_BLOCKS + 1,
    VP8_LARGEST = 2047,
    VP8_QUANTIZERS = 128,
};

/* How a macroblock was coded. */
struct vp8_macroblock {
    uint8_t segment, luma_mode, chroma_mode, is_empty;
    uint8_t block_modes[VP8_LUMA_BLOCKS];
};

/* Size in pixels and in macroblocks. */
struct vp8_shape {
    size_t height, width, high, wide;
};

/* How a segment is quantized: the quantizer of the header, and what a bit may cost in squared
 * error of coefficients. */
struct vp8_segment {
    int32_t quantizer;
    float bit_cost;
};

/* What the quantizer index of each kind of coefficient is away from the segment's. */
struct vp8_deltas {
    int32_t y1_dc, y2_dc, y2_ac, uv_dc, uv_ac;
};

/* How choices are made. Errors of a block's coefficient at row i and column j count
 * `weights[i] * weights[j]`; the factors multiply the segment's cost of a bit. */
struct vp8_design {
    float luma_weights[4], chroma_weights[4];
    float block_factor, whole_factor, y2_factor, chroma_factor;
    float mode_factor;      /* when ways to predict are compared */
    float texture;          /* cost of a coefficient's lost or added magnitude */
    float rough_bits;       /* bits for each log2 of the squares, in the first look at a mode */
    float rough_dead_zone;  /* added to magnitudes before they are cut to whole steps, there */
    float block_bits;       /* added for each block with a mode of its own */
    float looks;            /* modes of a block that are tried in full */
};

/* How often each branch of the tree of tokens was taken: (type, band, context, branch, bit). */
typedef uint32_t vp8_counts[VP8_TYPES][VP8_BANDS][VP8_CONTEXTS][VP8_BRANCHES][2];
typedef uint8_t vp8_probabilities[VP8_TYPES][VP8_BANDS][VP8_CONTEXTS][VP8_BRANCHES];

/* What quantizing makes: `levels` is (macroblock, VP8_BLOCKS, VP8_BLOCK) in zigzag order. */
struct vp8_frame {
    struct vp8_macroblock *macroblocks;
    int16_t *levels;
    uint8_t *planes[3]; /* reconstructed, with borders, before the loop filter */
};

/* The levels of the loop filter, by segment; `sharpness` is 0 to 7. */
struct vp8_filter {
    int32_t levels[VP8_SEGMENTS], sharpness;
};

/* sRGB of (height, width, 3) to planes of whole macroblocks without a border. `sharpening` undoes
 * what averaging chroma and the decoder's upsampling blur, `correction` what that does to the
 * lightness of saturated edges: 0 not at all, 1 in full. */
LEANPIX_EXPORT int leanpix_vp8_planes(const struct vp8_shape *shape, const uint8_t *pixels,
    float sharpening, float correction, uint8_t *luma, uint8_t *blue, uint8_t *red);

/* For each macroblock and each of its 16 blocks of luma, log2(1 + standard deviation). */
LEANPIX_EXPORT int leanpix_vp8_activity(
    const struct vp8_shape *shape, const uint8_t *luma, float *activity);

/* The modes and levels that cost least in error and bits together. `segments` says each
 * macroblock's; `bit_factors`, (macroblock, VP8_FACTORS), multiplies what a bit may cost there: in
 * each block of luma, and in the rest. `counts` begins as what is
 * expected, and receives in `taken` what was coded. */
LEANPIX_EXPORT int leanpix_vp8_quantize(const struct vp8_shape *shape,
    const struct vp8_design *design, const struct vp8_segment *quantizers,
    const struct vp8_deltas *deltas, const uint8_t *luma, const uint8_t *blue, const uint8_t *red,
    const uint8_t *segments, const float *bit_factors, const uint32_t *expected, uint32_t *taken,
    const struct vp8_frame *frame);

/* The loop filter, in place. */
LEANPIX_EXPORT int leanpix_vp8_filter(const struct vp8_shape *shape,
    const struct vp8_macroblock *macroblocks, const struct vp8_filter *filter, uint8_t *luma,
    uint8_t *blue, uint8_t *red);

/* The pixels that libwebp makes of reconstructed planes. */
LEANPIX_EXPORT int leanpix_vp8_show(const struct vp8_shape *shape, const uint8_t *luma,
    const uint8_t *blue, const uint8_t *red, uint8_t *pixels);

/* The whole frame as it stands in a chunk "VP8 ". LEANPIX_NO_ROOM if `capacity` does not hold it. */
LEANPIX_EXPORT int leanpix_vp8_write(const struct vp8_shape *shape,
    const struct vp8_segment *quantizers, const struct vp8_deltas *deltas,
    const struct vp8_filter *filter, const struct vp8_frame *frame, const uint32_t *taken,
    uint8_t *bytes, size_t capacity, size_t *written);

#endif
