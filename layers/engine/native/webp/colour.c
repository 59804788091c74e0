/* sRGB to the planes of VP8 (BT.601, 16 to 235), and how busy each macroblock is. */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "webp/upsample.h"

enum { FRACTION = 16 };

static inline uint8_t to_byte(float value)
{
    const float rounded = value + 0.5F;

    return (uint8_t)(rounded < 0.0F ? 0.0F : rounded > 255.0F ? 255.0F : rounded);
}

/* RFC 9649 leaves the conversion open; decoders take the rows of BT.601 for it. */
static void luma_row(const uint8_t *restrict pixels, size_t width, uint8_t *restrict row)
{
    for (size_t x = 0; x < width; x++) {
        const uint32_t sum
            = 16839U * pixels[3 * x] + 33059U * pixels[3 * x + 1] + 6420U * pixels[3 * x + 2];
        row[x] = (uint8_t)((sum + (16U << FRACTION) + (1U << (FRACTION - 1))) >> FRACTION);
    }
}

/* Means of 2 x 2 pixels as chroma, less 128; a side that is missing is the last again. */
static void chroma_row(const uint8_t *restrict top, const uint8_t *restrict bottom, size_t width,
    float *restrict blue, float *restrict red)
{
    const size_t half = (width + 1) / 2;

    for (size_t x = 0; x < half; x++) {
        const size_t left = 6 * x, right = 2 * x + 1 < width ? left + 3 : left;
        const float r = (float)(top[left] + top[right] + bottom[left] + bottom[right]);
        const float g = (float)(top[left + 1] + top[right + 1] + bottom[left + 1] + bottom[right + 1]);
        const float b = (float)(top[left + 2] + top[right + 2] + bottom[left + 2] + bottom[right + 2]);
        blue[x] = (-9719.0F * r - 19081.0F * g + 28800.0F * b) * (1.0F / 262144.0F);
        red[x] = (28800.0F * r - 24116.0F * g - 4684.0F * b) * (1.0F / 262144.0F);
    }
}

/* The decoder's upsampling and then averaging again would make 1/8, 3/4, 1/8 of each sample and
 * its neighbours, in both directions: a first step towards the inverse of that. */
static void sharpen(const float *restrict plane, size_t high, size_t wide, float strength,
    size_t stride, uint8_t *restrict samples)
{
    for (size_t y = 0; y < high; y++) {
        const float *const row = plane + y * wide;
        const float *const above = y > 0 ? row - wide : row;
        const float *const below = y + 1 < high ? row + wide : row;
        for (size_t x = 0; x < wide; x++) {
            const size_t left = x > 0 ? x - 1 : x, right = x + 1 < wide ? x + 1 : x;
            const float column = 6.0F * row[x] + above[x] + below[x];
            const float before = 6.0F * row[left] + above[left] + below[left];
            const float after = 6.0F * row[right] + above[right] + below[right];
            const float blurred = (6.0F * column + before + after) * (1.0F / 64.0F);
            samples[y * stride + x] = to_byte(128.0F + row[x] + strength * (row[x] - blurred));
        }
    }
}

/* Repeats the last sample of each row, and the last row, up to whole macroblocks. */
static void fill_up(uint8_t *plane, size_t high, size_t wide, size_t full_high, size_t full_wide)
{
    for (size_t y = 0; y < high; y++) {
        uint8_t *const row = plane + y * full_wide;
        memset(row + wide, row[wide - 1], full_wide - wide);
    }
    for (size_t y = high; y < full_high; y++) {
        memcpy(plane + y * full_wide, plane + (high - 1) * full_wide, full_wide);
    }
}

/* How much a step of sRGB counts in light, at each level: its slope, but for a factor. */
static void light_slopes(float *slopes)
{
    for (int level = 0; level < 256; level++) {
        slopes[level] = 0.02F + powf((float)level / 255.0F, 1.4F);
    }
}

static inline float clipped(float value)
{
    return value < 0.0F ? 0.0F : value > 255.0F ? 255.0F : value;
}

/* By how much a pixel's luma should rise for it to be as light as it was: halved chroma makes it
 * darker or lighter at saturated edges. */
static float luma_error(const uint8_t *pixel, const float *slopes, int luma, int blue, int red)
{
    const float y = 1.164F * (float)(luma - 16), b = (float)(blue - 128), r = (float)(red - 128);
    const float shown[3] = {clipped(y + 1.596F * r), clipped(y - 0.392F * b - 0.813F * r),
        clipped(y + 2.017F * b)};
    static const float shares[3] = {0.2126F, 0.7152F, 0.0722F};
    float sum = 0.0F, weights = 0.0F;

    for (int i = 0; i < 3; i++) {
        const float middle = 0.5F * (shown[i] + (float)pixel[i]);
        const float weight = shares[i] * slopes[(int)middle];
        sum += weight * ((float)pixel[i] - shown[i]);
        weights += weight;
    }
    return sum / (1.164F * weights);
}

/* Corrects luma for what halved chroma does to light. */
static int correct_luma(const struct vp8_shape *shape, const uint8_t *pixels, float strength,
    uint8_t *luma, const uint8_t *const *chroma)
{
    const size_t wide = shape->wide * VP8_SIDE, chroma_wide = shape->wide * VP8_HALF;
    struct vp8_upsampler upsampler;
    float slopes[256];
    const int outcome = vp8_upsampler_begin(shape, &upsampler);

    light_slopes(slopes);
    for (size_t y = 0; outcome == LEANPIX_OK && y < shape->height; y++) {
        vp8_upsample(&upsampler, chroma, 0, chroma_wide, y);
        for (size_t x = 0; x < shape->width; x++) {
            uint8_t *const sample = luma + y * wide + x;
            const float error = luma_error(pixels + (y * shape->width + x) * 3, slopes, *sample,
                upsampler.rows[0][x], upsampler.rows[1][x]);
            *sample = to_byte((float)*sample + strength * error);
        }
    }
    vp8_upsampler_end(&upsampler);
    return outcome;
}

int leanpix_vp8_planes(const struct vp8_shape *shape, const uint8_t *pixels, float sharpening,
    float correction, uint8_t *luma, uint8_t *blue, uint8_t *red)
{
    const size_t half_high = (shape->height + 1) / 2, half_wide = (shape->width + 1) / 2;
    const size_t wide = shape->wide * VP8_SIDE, chroma_wide = shape->wide * VP8_HALF;
    const size_t row = 3 * shape->width;
    float *const planes = malloc(2 * half_high * half_wide * sizeof *planes);

    if (planes == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    float *const second = planes + half_high * half_wide;
    for (size_t y = 0; y < shape->height; y++) {
        luma_row(pixels + y * row, shape->width, luma + y * wide);
    }
    for (size_t y = 0; y < half_high; y++) {
        const uint8_t *const top = pixels + 2 * y * row;
        const uint8_t *const bottom = 2 * y + 1 < shape->height ? top + row : top;
        chroma_row(top, bottom, shape->width, planes + y * half_wide, second + y * half_wide);
    }
    sharpen(planes, half_high, half_wide, sharpening, chroma_wide, blue);
    sharpen(second, half_high, half_wide, sharpening, chroma_wide, red);
    free(planes);
    if (correction > 0.0F) {
        const uint8_t *const chroma[2] = {blue, red};
        const int outcome = correct_luma(shape, pixels, correction, luma, chroma);
        if (outcome != LEANPIX_OK) {
            return outcome;
        }
    }
    fill_up(luma, shape->height, shape->width, shape->high * VP8_SIDE, wide);
    fill_up(blue, half_high, half_wide, shape->high * VP8_HALF, chroma_wide);
    fill_up(red, half_high, half_wide, shape->high * VP8_HALF, chroma_wide);
    return LEANPIX_OK;
}

/* log2(1 + standard deviation) of 4 x 4 samples. */
static float block_activity(const uint8_t *samples, size_t stride)
{
    int sum = 0, squares = 0;

    for (size_t y = 0; y < 4; y++) {
        for (size_t x = 0; x < 4; x++) {
            const int sample = samples[y * stride + x];
            sum += sample;
            squares += sample * sample;
        }
    }
    return log2f(1.0F + sqrtf((float)(16 * squares - sum * sum)) * (1.0F / 16.0F));
}

int leanpix_vp8_activity(const struct vp8_shape *shape, const uint8_t *luma, float *activity)
{
    const size_t stride = shape->wide * VP8_SIDE;

    for (size_t index = 0; index < shape->high * shape->wide; index++) {
        const uint8_t *const corner
            = luma + index / shape->wide * VP8_SIDE * stride + index % shape->wide * VP8_SIDE;
        for (size_t block = 0; block < VP8_LUMA_BLOCKS; block++) {
            activity[index * VP8_LUMA_BLOCKS + block]
                = block_activity(corner + block / 4 * 4 * stride + block % 4 * 4, stride);
        }
    }
    return LEANPIX_OK;
}
