/* Planes to pixels, bit for bit as libwebp shows them: chroma upsampled, colours in fixed point. */

#include "webp/upsample.h"

/* Six bits of fraction are left when this is called. */
static inline uint8_t clamp(int value)
{
    const int whole = value >> 6;

    return (uint8_t)(whole < 0 ? 0 : whole > 255 ? 255 : whole);
}

static void colour_row(const uint8_t *restrict luma, const uint8_t *restrict blue,
    const uint8_t *restrict red, size_t width, uint8_t *restrict pixels)
{
    for (size_t x = 0; x < width; x++) {
        const int y = (luma[x] * 19077) >> 8, b = blue[x], r = red[x];
        pixels[3 * x] = clamp(y + ((r * 26149) >> 8) - 14234);
        pixels[3 * x + 1] = clamp(y - ((b * 6419) >> 8) - ((r * 13320) >> 8) + 8708);
        pixels[3 * x + 2] = clamp(y + ((b * 33050) >> 8) - 17685);
    }
}

int leanpix_vp8_show(const struct vp8_shape *shape, const uint8_t *luma, const uint8_t *blue,
    const uint8_t *red, uint8_t *pixels)
{
    const size_t wide = shape->wide * VP8_SIDE + VP8_LEFT + VP8_RIGHT;
    const size_t chroma_wide = shape->wide * VP8_HALF + VP8_LEFT + VP8_RIGHT;
    const uint8_t *const planes[2] = {blue, red};
    struct vp8_upsampler upsampler;
    const int outcome = vp8_upsampler_begin(shape, &upsampler);

    for (size_t y = 0; outcome == LEANPIX_OK && y < shape->height; y++) {
        vp8_upsample(&upsampler, planes, chroma_wide + VP8_LEFT, chroma_wide, y);
        colour_row(luma + (y + 1) * wide + VP8_LEFT, upsampler.rows[0], upsampler.rows[1],
            shape->width, pixels + y * shape->width * 3);
    }
    vp8_upsampler_end(&upsampler);
    return outcome;
}
