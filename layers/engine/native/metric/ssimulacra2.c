/* The maps of SSIMULACRA2 (Jon Sneyers, cloudinary/ssimulacra2, v2.1), one scale at a time.
 *
 * leanpix_engine/metric/ssimulacra2.py says which maps carry weight, and sums them up;
 * leanpix_engine/metric/scales_numpy.py does the same as this, and the tests hold them together.
 *
 * The image that is compared passes through row by row: of each of its planes only the 11 rows
 * that a blur reaches are in memory, and of its maps one. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "arithmetic.h"
#include "metric/blur.h"
#include "leanpix.h"
#include "metric/light.h"
#include "metric/xyb.h"

enum { STRUCTURE, ARTIFACT, DETAIL, MAPS };
enum { PLANE, MEAN, SQUARE, SIDES };

static const float c2 = 0.0009F;

/* A row of one plane of an image, of the plane's blur, and of its square's blur. */
struct row {
    const float *plane, *mean, *square;
};

/* The source of an image's rows, and the rows that a pass over it works in. */
struct pass {
    const uint8_t *rgb;
    const float *linear;
    size_t height, width;
    float *half;
    size_t channels;
    size_t channel_of[XYB_CHANNELS];
    float *light;  /* two rows of linear light, (2, 3, width) */
    float *cones;  /* (3, width) */
    float *window; /* the last 11 rows of each plane, (channels, 11, width) */
    float *padded; /* rows blurred down the columns, with zeros at both ends */
    float *blurred; /* (3, width): mean, square, product */
    float *maps;    /* (3, width) */
    float *room;    /* all of these */
};

static bool begin(struct pass *pass, uint32_t channels)
{
    const size_t width = pass->width;

    pass->channels = 0;
    for (size_t channel = 0; channel < XYB_CHANNELS; channel++) {
        if (channels >> channel & 1U) {
            pass->channel_of[pass->channels++] = channel;
        }
    }
    const size_t rows = 6 + 3 + BLUR_TAPS * pass->channels + 3 + 3 + 3;
    pass->room = calloc(rows * width + 6 * BLUR_RADIUS, sizeof *pass->room);
    if (pass->room == NULL) {
        return false;
    }
    pass->light = pass->room;
    pass->cones = pass->light + 6 * width;
    pass->window = pass->cones + 3 * width;
    pass->blurred = pass->window + BLUR_TAPS * pass->channels * width;
    pass->maps = pass->blurred + 3 * width;
    pass->padded = pass->maps + 3 * width;
    return true;
}

/* Three rows of linear light, one for each colour. */
static void find_light(const struct pass *pass, size_t row, float *rows[3])
{
    const size_t width = pass->width;

    for (size_t colour = 0; colour < 3; colour++) {
        rows[colour] = pass->rgb != NULL
            ? pass->light + (row % 2 * 3 + colour) * width
            : (float *)pass->linear + (colour * pass->height + row) * width;
    }
}

/* Halves what ends with `row`: every second one, and an odd last one with itself. */
static void halve(const struct pass *pass, size_t row)
{
    const size_t half_width = (pass->width + 1) / 2, half_height = (pass->height + 1) / 2;
    float *upper[3], *lower[3];

    if (pass->half == NULL || (row % 2 == 0 && row + 1 != pass->height)) {
        return;
    }
    find_light(pass, row - row % 2, upper);
    find_light(pass, row, lower);
    for (size_t colour = 0; colour < 3; colour++) {
        light_halve_rows(upper[colour], lower[colour], pass->width,
            pass->half + (colour * half_height + row / 2) * half_width);
    }
}

/* Reads the next row of the image into rows of the planes; `planes` has one for each channel. */
static void read_row(const struct pass *pass, size_t row, float *const planes[XYB_CHANNELS])
{
    float *light[3];
    float *wanted[XYB_CHANNELS] = {NULL, NULL, NULL};

    find_light(pass, row, light);
    if (pass->rgb != NULL) {
        light_of_row(pass->rgb + row * pass->width * 3, pass->width, light);
    }
    for (size_t i = 0; i < pass->channels; i++) {
        wanted[pass->channel_of[i]] = planes[i];
    }
    xyb_of_row((const float *const *)light, pass->width, pass->cones, wanted);
    halve(pass, row);
}

/* Blurs a row of an image, of its square, and of its product with another into `blurred`. */
static void blur(const struct pass *pass, const float *const first[BLUR_TAPS],
    const float *const second[BLUR_TAPS], float *const blurred[3])
{
    const size_t stride = pass->width + 2 * BLUR_RADIUS;
    float *const inner = pass->padded + BLUR_RADIUS;

    blur_columns(first, second, pass->width, inner, inner + stride, inner + 2 * stride);
    for (size_t i = 0; i < 3; i++) {
        blur_row(pass->padded + i * stride, pass->width, blurred[i]);
    }
}

int leanpix_scale_reference(const uint8_t *rgb, const float *linear, size_t height, size_t width,
    uint32_t channels, float *sides, float *half)
{
    struct pass pass = {
        .rgb = rgb, .linear = linear, .height = height, .width = width, .half = half};
    const size_t area = height * width;

    if (!begin(&pass, channels)) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    for (size_t row = 0; row < height; row++) {
        float *planes[XYB_CHANNELS] = {NULL, NULL, NULL};
        for (size_t i = 0; i < pass.channels; i++) {
            planes[i] = sides + (i * SIDES + PLANE) * area + row * width;
        }
        read_row(&pass, row, planes);
    }
    for (size_t i = 0; i < pass.channels; i++) {
        float *const side = sides + i * SIDES * area;
        for (size_t row = 0; row < height; row++) {
            const float *rows[BLUR_TAPS];
            for (int tap = 0; tap < BLUR_TAPS; tap++) {
                rows[tap] = side + blur_mirrored(row, tap - BLUR_RADIUS, height) * width;
            }
            float *const blurred[3] = {
                side + MEAN * area + row * width, side + SQUARE * area + row * width, pass.blurred};
            blur(&pass, rows, rows, blurred);
        }
    }
    free(pass.room);
    return LEANPIX_OK;
}

/* The three maps of a row. For equal images each is exactly 0.
 *
 * Structure is 1 - SSIM, not below 0, without the luminance denominators that SSIMULACRA2 leaves
 * out. What is farther from its blur than in the reference, as a ratio, is an artefact (0 or more);
 * what is nearer is lost detail (0 or less). Both are quotients, and a division costs as much as
 * ten other operations: there is one, by the product of the divisors. */
static void compare(size_t width, const struct row reference, const struct row other,
    const float *restrict covariance, float *restrict maps)
{
    float *restrict structure = maps + STRUCTURE * width;
    float *restrict artifact = maps + ARTIFACT * width;
    float *restrict detail = maps + DETAIL * width;

    for (size_t x = 0; x < width; x++) {
        const float mean = reference.mean[x], other_mean = other.mean[x];
        const float product = 2.0F * (mean * other_mean);
        const float gap = (mean - other_mean) * (mean - other_mean);
        const float similar = (2.0F * covariance[x] - product) + c2;
        /* m1^2 + m2^2 = 2 m1 m2 + (m1 - m2)^2 */
        const float varied = ((reference.square[x] + other.square[x] - product) - gap) + c2;
        const float edge = __builtin_fabsf(reference.plane[x] - mean);
        const float other_edge = __builtin_fabsf(other.plane[x] - other_mean);
        const float inverse = 1.0F / (varied * (1.0F + edge));
        const float error = (varied - similar * (1.0F - gap)) * (1.0F + edge) * inverse;
        const float ratio = (other_edge - edge) * varied * inverse;

        structure[x] = error > 0.0F ? error : 0.0F;
        artifact[x] = ratio > 0.0F ? ratio : 0.0F;
        detail[x] = ratio < 0.0F ? ratio : 0.0F;
    }
}

static float sum_of(const float *restrict values, size_t count)
{
    /* Any order is as good as another, and only several sums at a time are fast. */
#pragma clang fp reassociate(on)
    float sum = 0.0F;
    for (size_t i = 0; i < count; i++) {
        sum += values[i];
    }
    return sum;
}

static float sum_of_fourth_powers(const float *restrict values, size_t count)
{
#pragma clang fp reassociate(on)
    float sum = 0.0F;
    for (size_t i = 0; i < count; i++) {
        const float square = values[i] * values[i];
        sum += square * square;
    }
    return sum;
}

/* Adds a row of the three maps to their sums. */
static void add_row(const struct pass *pass, size_t row, const int64_t (*boxes)[4],
    size_t box_count, double *sums)
{
    for (size_t map = 0; map < MAPS; map++) {
        const float *const values = pass->maps + map * pass->width;
        double *const of_map = sums + map * (1 + box_count);
        of_map[0] += (double)sum_of(values, pass->width);
        for (size_t box = 0; box < box_count; box++) {
            const size_t top = (size_t)boxes[box][0], left = (size_t)boxes[box][1];
            const size_t rows = (size_t)boxes[box][2], columns = (size_t)boxes[box][3];
            if (row >= top && row < top + rows) {
                of_map[1 + box] += (double)sum_of_fourth_powers(values + left, columns);
            }
        }
    }
}

/* A row of the maps of one channel: `side` is its part of the sides, `window` of the window. */
static void map_row(const struct pass *pass, size_t row, const float *side, const float *window)
{
    const size_t width = pass->width, area = pass->height * width, at = row * width;
    float *const blurred[3] = {
        pass->blurred, pass->blurred + width, pass->blurred + 2 * width};
    const float *first[BLUR_TAPS], *second[BLUR_TAPS];

    for (int tap = 0; tap < BLUR_TAPS; tap++) {
        const size_t reached = blur_mirrored(row, tap - BLUR_RADIUS, pass->height);
        first[tap] = window + reached % BLUR_TAPS * width;
        second[tap] = side + PLANE * area + reached * width;
    }
    blur(pass, first, second, blurred);
    const struct row reference = {
        side + PLANE * area + at, side + MEAN * area + at, side + SQUARE * area + at};
    const struct row other = {first[BLUR_RADIUS], blurred[0], blurred[1]};
    compare(width, reference, other, blurred[2], pass->maps);
}

int leanpix_scale_errors(const uint8_t *rgb, const float *linear, size_t height, size_t width,
    uint32_t channels, const float *sides, float *half, const int64_t *boxes, size_t box_count,
    double *sums)
{
    struct pass pass = {
        .rgb = rgb, .linear = linear, .height = height, .width = width, .half = half};
    size_t read = 0;

    if (!begin(&pass, channels)) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    memset(sums, 0, pass.channels * MAPS * (1 + box_count) * sizeof *sums);
    for (size_t row = 0; row < height; row++) {
        for (; read < at_most(row + BLUR_RADIUS + 1, height); read++) {
            float *planes[XYB_CHANNELS] = {NULL, NULL, NULL};
            for (size_t i = 0; i < pass.channels; i++) {
                planes[i] = pass.window + (i * BLUR_TAPS + read % BLUR_TAPS) * width;
            }
            read_row(&pass, read, planes);
        }
        for (size_t i = 0; i < pass.channels; i++) {
            map_row(&pass, row, sides + i * SIDES * height * width,
                pass.window + i * BLUR_TAPS * width);
            add_row(&pass, row, (const int64_t(*)[4])boxes, box_count,
                sums + i * MAPS * (1 + box_count));
        }
    }
    free(pass.room);
    return LEANPIX_OK;
}
