/* The largest difference that a viewer finds anywhere: a maximum, where SSIMULACRA2 is a mean. After
 * the idea of Butteraugli (J. Alakuijala and others, "Guetzli: Perceptually guided JPEG encoder",
 * arXiv:1703.04421): differences in opponent colours, less where the original is busy itself. */

#include <math.h>
#include <stdlib.h>

#include "arithmetic.h"
#include "leanpix.h"
#include "metric/light.h"
#include "metric/xyb.h"

enum {
    LIGHT_CHANNELS = 3,
    /* Around a pixel: where a difference is averaged, and where the original hides it. */
    NEAR = 1,
    AROUND = 2,
    /* X, Y, B of both images, how busy the original is, and room for means along rows. */
    PLANES = 2 * XYB_CHANNELS + 2,
    /* Rows of light and of cones. */
    ROWS = 2 * LIGHT_CHANNELS,
};

/* A step of one degree of 255 in mid gray is about .004 of Y. */
static const float weights[XYB_CHANNELS] = {40.0F, 200.0F, 30.0F};
static const float hidden_by = 30.0F;

static void subtract(const float *restrict first, float *restrict second, size_t width)
{
    for (size_t x = 0; x < width; x++) {
        second[x] -= first[x];
    }
}

/* The mean over a square of 2 radius + 1 samples a side; outside of the plane are no samples. */
static void average(float *restrict plane, size_t height, size_t width, size_t radius,
    float *restrict room)
{
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            const size_t left = x > radius ? x - radius : 0;
            const size_t right = at_most(x + radius + 1, width);
            float sum = 0.0F;
            for (size_t at = left; at < right; at++) {
                sum += plane[y * width + at];
            }
            room[y * width + x] = sum / (float)(right - left);
        }
    }
    for (size_t y = 0; y < height; y++) {
        const size_t top = y > radius ? y - radius : 0, bottom = at_most(y + radius + 1, height);
        for (size_t x = 0; x < width; x++) {
            float sum = 0.0F;
            for (size_t at = top; at < bottom; at++) {
                sum += room[at * width + x];
            }
            plane[y * width + x] = sum / (float)(bottom - top);
        }
    }
}

/* How far Y is from its neighbours to the left and above. */
static void find_contrast(
    const float *restrict luma, size_t height, size_t width, float *restrict contrast)
{
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++) {
            const size_t at = y * width + x;
            const float across = x > 0 ? fabsf(luma[at] - luma[at - 1]) : 0.0F;
            const float down = y > 0 ? fabsf(luma[at] - luma[at - width]) : 0.0F;
            contrast[at] = across + down;
        }
    }
}

/* Planes of an image; rows of `light` and `cones` are room for three. */
static void convert(const uint8_t *rgb, size_t height, size_t width, float *light, float *cones,
    float *planes)
{
    float *const linear[LIGHT_CHANNELS] = {light, light + width, light + 2 * width};
    const float *const rows[LIGHT_CHANNELS] = {linear[0], linear[1], linear[2]};

    for (size_t y = 0; y < height; y++) {
        float *const xyb[XYB_CHANNELS] = {planes + y * width, planes + (height + y) * width,
            planes + (2 * height + y) * width};
        light_of_row(rgb + 3 * y * width, width, linear);
        xyb_of_row(rows, width, cones, xyb);
    }
}

int leanpix_worst(
    const uint8_t *original, const uint8_t *made, size_t height, size_t width, float *worst)
{
    const size_t count = height * width;
    float *const room = malloc((PLANES * count + ROWS * width) * sizeof *room);
    float *const first = room, *const second = room + XYB_CHANNELS * count;
    float *const contrast = second + XYB_CHANNELS * count, *const sums = contrast + count;
    float *const light = room + PLANES * count;
    float *const cones = light + LIGHT_CHANNELS * width;

    if (room == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    convert(original, height, width, light, cones, first);
    convert(made, height, width, light, cones, second);
    find_contrast(first + XYB_Y * count, height, width, contrast);
    average(contrast, height, width, AROUND, sums);
    for (size_t channel = 0; channel < XYB_CHANNELS; channel++) {
        float *const plane = second + channel * count;
        subtract(first + channel * count, plane, count);
        average(plane, height, width, NEAR, sums);
    }
    float largest = 0.0F;
    for (size_t at = 0; at < count; at++) {
        float square = 0.0F;
        for (size_t channel = 0; channel < XYB_CHANNELS; channel++) {
            const float found = weights[channel] * second[channel * count + at];
            square += found * found;
        }
        largest = fmaxf(largest, sqrtf(square) / (1.0F + hidden_by * contrast[at]));
    }
    free(room);
    *worst = largest;
    return LEANPIX_OK;
}
