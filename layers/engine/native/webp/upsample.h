/* Chroma at full size as libwebp's decoder makes it, by its "fancy" triangle. */

#ifndef LEANPIX_VP8_UPSAMPLE_H
#define LEANPIX_VP8_UPSAMPLE_H

#include <stddef.h>
#include <stdint.h>

#include "webp/vp8.h"

/* Room for a row of two planes of chroma, and what their upsampling needs. */
struct vp8_upsampler {
    size_t half_wide, half_high;
    int *near, *far;
    uint8_t *rows[2];
};

/* LEANPIX_OUT_OF_MEMORY where there is none; vp8_upsampler_end in any case. */
int vp8_upsampler_begin(const struct vp8_shape *shape, struct vp8_upsampler *upsampler);
void vp8_upsampler_end(struct vp8_upsampler *upsampler);

/* Row `y` of the picture, of both planes; their first sample is at `first`. */
void vp8_upsample(struct vp8_upsampler *upsampler, const uint8_t *const *planes, size_t first,
    size_t stride, size_t y);

#endif
