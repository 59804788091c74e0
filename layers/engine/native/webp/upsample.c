#include "webp/upsample.h"

#include <stdlib.h>

/* A row at full width of two rows of chroma: of each sample 9/16, 3/16 of those beside, above or
 * below, and 1/16 of the one across, rounded in libwebp's two steps. */
static void upsample_row(const uint8_t *restrict near, const uint8_t *restrict far, size_t half,
    int *restrict near_row, int *restrict far_row, uint8_t *restrict row)
{
    for (size_t x = 0; x < half; x++) {
        near_row[x + 1] = near[x];
        far_row[x + 1] = far[x];
    }
    near_row[0] = near[0];
    far_row[0] = far[0];
    near_row[half + 1] = near[half - 1];
    far_row[half + 1] = far[half - 1];
    for (size_t x = 0; x < half; x++) {
        const int sample = near_row[x + 1], across = far_row[x + 1];
        const int own = sample + 3 * across + 8;
        const int before = (own + 3 * near_row[x] + far_row[x]) >> 3;
        const int after = (own + 3 * near_row[x + 2] + far_row[x + 2]) >> 3;
        row[2 * x] = (uint8_t)((sample + before) >> 1);
        row[2 * x + 1] = (uint8_t)((sample + after) >> 1);
    }
}

int vp8_upsampler_begin(const struct vp8_shape *shape, struct vp8_upsampler *upsampler)
{
    const size_t half = (shape->width + 1) / 2;

    upsampler->half_wide = half;
    upsampler->half_high = (shape->height + 1) / 2;
    /* One sample more on both sides. */
    upsampler->near = malloc((half + 2) * sizeof *upsampler->near);
    upsampler->far = malloc((half + 2) * sizeof *upsampler->far);
    upsampler->rows[0] = malloc(2 * half);
    upsampler->rows[1] = malloc(2 * half);
    const int has_all = upsampler->near != NULL && upsampler->far != NULL
        && upsampler->rows[0] != NULL && upsampler->rows[1] != NULL;
    return has_all ? LEANPIX_OK : LEANPIX_OUT_OF_MEMORY;
}

void vp8_upsampler_end(struct vp8_upsampler *upsampler)
{
    free(upsampler->near);
    free(upsampler->far);
    free(upsampler->rows[0]);
    free(upsampler->rows[1]);
}

void vp8_upsample(struct vp8_upsampler *upsampler, const uint8_t *const *planes, size_t first,
    size_t stride, size_t y)
{
    const size_t near = y / 2, last = upsampler->half_high - 1;
    const size_t far = y % 2 == 1 ? (near < last ? near + 1 : last) : near > 0 ? near - 1 : 0;

    for (size_t plane = 0; plane < 2; plane++) {
        const uint8_t *const samples = planes[plane] + first;
        upsample_row(samples + near * stride, samples + far * stride, upsampler->half_wide,
            upsampler->near, upsampler->far, upsampler->rows[plane]);
    }
}
