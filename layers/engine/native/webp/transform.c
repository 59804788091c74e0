#include "webp/transform.h"

#include "webp/tables.h"

/* cos(pi / 8), sin(pi / 8) and 1 / sqrt(2). */
static const float COSINE = 0.92387953F, SINE = 0.38268343F, HALF_ROOT = 0.70710678F;

void vp8_to_lanes(
    const uint8_t *samples, size_t stride, size_t side, size_t first, vp8_lanes lanes)
{
    const size_t across = side / 4;

    for (size_t y = 0; y < side; y++) {
        for (size_t x = 0; x < side; x++) {
            const size_t block = first + y / 4 * across + x / 4;
            lanes[y % 4 * 4 + x % 4][block] = (float)samples[y * stride + x];
        }
    }
}

/* Four values at `step` from one another, in every lane. */
static inline void forward_four(const float (*from)[VP8_LANES], float (*to)[VP8_LANES], size_t step)
{
    for (size_t lane = 0; lane < VP8_LANES; lane++) {
        const float a = from[0][lane], b = from[step][lane];
        const float c = from[2 * step][lane], d = from[3 * step][lane];
        const float outer = a + d, inner = b + c, far = a - d, near = b - c;
        to[0][lane] = (outer + inner) * HALF_ROOT;
        to[step][lane] = far * COSINE + near * SINE;
        to[2 * step][lane] = (outer - inner) * HALF_ROOT;
        to[3 * step][lane] = far * SINE - near * COSINE;
    }
}

void vp8_forward(vp8_lanes samples, vp8_lanes coefficients)
{
    vp8_lanes rows;

    for (size_t row = 0; row < 4; row++) {
        forward_four(samples + 4 * row, rows + 4 * row, 1);
    }
    for (size_t column = 0; column < 4; column++) {
        forward_four(rows + column, coefficients + column, 4);
    }
}

void vp8_forward_y2(const float *values, float *coefficients)
{
    float rows[VP8_BLOCK];

    for (int row = 0; row < VP8_BLOCK; row += 4) {
        const float *const v = values + row;
        const float outer = v[0] + v[3], inner = v[1] + v[2];
        const float far = v[0] - v[3], near = v[1] - v[2];
        rows[row] = outer + inner;
        rows[row + 1] = far + near;
        rows[row + 2] = outer - inner;
        rows[row + 3] = far - near;
    }
    for (int column = 0; column < 4; column++) {
        const float *const v = rows + column;
        const float outer = v[0] + v[12], inner = v[4] + v[8];
        const float far = v[0] - v[12], near = v[4] - v[8];
        coefficients[column] = 0.5F * (outer + inner);
        coefficients[column + 4] = 0.5F * (far + near);
        coefficients[column + 8] = 0.5F * (outer - inner);
        coefficients[column + 12] = 0.5F * (far - near);
    }
}

void vp8_inverse_y2(const int *coefficients, int *dcs)
{
    int columns[VP8_BLOCK];

    for (int i = 0; i < 4; i++) {
        const int *const v = coefficients + i;
        const int outer = v[0] + v[12], inner = v[4] + v[8];
        const int far = v[0] - v[12], near = v[4] - v[8];
        columns[i] = outer + inner;
        columns[i + 4] = far + near;
        columns[i + 8] = outer - inner;
        columns[i + 12] = far - near;
    }
    for (int i = 0; i < VP8_BLOCK; i += 4) {
        const int *const v = columns + i;
        const int outer = v[0] + 3 + v[3], inner = v[1] + v[2];
        const int far = v[0] + 3 - v[3], near = v[1] - v[2];
        dcs[i] = (outer + inner) >> 3;
        dcs[i + 1] = (far + near) >> 3;
        dcs[i + 2] = (outer - inner) >> 3;
        dcs[i + 3] = (far - near) >> 3;
    }
}

/* Times sqrt(2) cos(pi / 8), and sqrt(2) sin(pi / 8). */
static inline int by_cosine(int value)
{
    return ((value * 20091) >> 16) + value;
}

static inline int by_sine(int value)
{
    return (value * 35468) >> 16;
}

static inline uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

void vp8_inverse(const int *coefficients, const uint8_t *prediction, size_t prediction_stride,
    uint8_t *samples, size_t stride)
{
    int columns[4][4]; /* (column of coefficients, row of samples) */

    for (int i = 0; i < 4; i++) {
        const int *const v = coefficients + i;
        const int even = v[0] + v[8], odd = v[0] - v[8];
        const int c = by_sine(v[4]) - by_cosine(v[12]), d = by_cosine(v[4]) + by_sine(v[12]);
        columns[i][0] = even + d;
        columns[i][1] = odd + c;
        columns[i][2] = odd - c;
        columns[i][3] = even - d;
    }
    for (size_t y = 0; y < 4; y++) {
        const int even = columns[0][y] + 4 + columns[2][y], odd = columns[0][y] + 4 - columns[2][y];
        const int c = by_sine(columns[1][y]) - by_cosine(columns[3][y]);
        const int d = by_cosine(columns[1][y]) + by_sine(columns[3][y]);
        const uint8_t *const from = prediction + y * prediction_stride;
        uint8_t *const to = samples + y * stride;
        to[0] = clamp(from[0] + ((even + d) >> 3));
        to[1] = clamp(from[1] + ((odd + c) >> 3));
        to[2] = clamp(from[2] + ((odd - c) >> 3));
        to[3] = clamp(from[3] + ((even - d) >> 3));
    }
}

static inline int within(int quantizer, int most)
{
    return quantizer < 0 ? 0 : quantizer > most ? most : quantizer;
}

void vp8_steps_of(int quantizer, const struct vp8_deltas *deltas, struct vp8_steps *steps)
{
    const int last = VP8_QUANTIZERS - 1, last_chroma_dc = 117;
    const int y2_ac = vp8_ac_steps[within(quantizer + deltas->y2_ac, last)] * 155 / 100;

    steps->y1[0] = vp8_dc_steps[within(quantizer + deltas->y1_dc, last)];
    steps->y1[1] = vp8_ac_steps[within(quantizer, last)];
    steps->y2[0] = 2 * vp8_dc_steps[within(quantizer + deltas->y2_dc, last)];
    steps->y2[1] = y2_ac < 8 ? 8 : y2_ac;
    steps->uv[0] = vp8_dc_steps[within(quantizer + deltas->uv_dc, last_chroma_dc)];
    steps->uv[1] = vp8_ac_steps[within(quantizer + deltas->uv_ac, last)];
}
