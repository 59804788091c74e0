/* Colours as AVIF codes them: BT.601's matrix over the full range (ITU-T H.273, matrix 6). */

#include "arithmetic.h"
#include "leanpix.h"

enum { CHANNELS = 3 };

static const float RED = 0.299F, GREEN = 0.587F, BLUE = 0.114F;
/* Twice the share that is left: how far blue and red reach from their middle. */
static const float BLUE_REACH = 1.772F, RED_REACH = 1.402F;

static float bounded(float value, float most)
{
    const float above = value > 0.0F ? value : 0.0F;
    return above < most ? above : most;
}

int leanpix_avif_planes(
    const uint8_t *rgb, size_t pixels, uint32_t bits, uint16_t *restrict planes)
{
    if (bits < 8 || bits > 12) {
        return LEANPIX_BROKEN;
    }
    const float most = (float)((1U << bits) - 1U), middle = (float)(1U << (bits - 1));
    const float scale = most / 255.0F;
    uint16_t *const luma = planes, *const blue = planes + pixels, *const red = blue + pixels;

    for (size_t at = 0; at < pixels; at++) {
        const float r = (float)rgb[at * CHANNELS] * scale;
        const float g = (float)rgb[at * CHANNELS + 1] * scale;
        const float b = (float)rgb[at * CHANNELS + 2] * scale;
        const float y = RED * r + GREEN * g + BLUE * b;
        luma[at] = (uint16_t)(bounded(y, most) + 0.5F);
        blue[at] = (uint16_t)(bounded((b - y) / BLUE_REACH + middle, most) + 0.5F);
        red[at] = (uint16_t)(bounded((r - y) / RED_REACH + middle, most) + 0.5F);
    }
    return LEANPIX_OK;
}

int leanpix_avif_rgb(const uint16_t *planes, size_t pixels, uint32_t bits, uint8_t *restrict rgb)
{
    if (bits < 8 || bits > 12) {
        return LEANPIX_BROKEN;
    }
    const float most = (float)((1U << bits) - 1U), middle = (float)(1U << (bits - 1));
    const float scale = 255.0F / most;
    const uint16_t *const luma = planes, *const blue = planes + pixels, *const red = blue + pixels;

    for (size_t at = 0; at < pixels; at++) {
        const float y = (float)luma[at];
        const float b = y + BLUE_REACH * ((float)blue[at] - middle);
        const float r = y + RED_REACH * ((float)red[at] - middle);
        const float g = (y - RED * r - BLUE * b) / GREEN;
        rgb[at * CHANNELS] = (uint8_t)(bounded(r * scale, 255.0F) + 0.5F);
        rgb[at * CHANNELS + 1] = (uint8_t)(bounded(g * scale, 255.0F) + 0.5F);
        rgb[at * CHANNELS + 2] = (uint8_t)(bounded(b * scale, 255.0F) + 0.5F);
    }
    return LEANPIX_OK;
}
