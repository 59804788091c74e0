#include "webp/coder.h"

#include <math.h>
#include <string.h>

/* log2, up to 0.09 too small: the exponent, and the fraction as a straight line. */
static inline float rough_log2(float value)
{
    int32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (float)bits * (1.0F / 8388608.0F) - 127.0F;
}

void vp8_rough_costs(const struct vp8_design *design, const struct vp8_quantizer *quantizer,
    const float *weights, int first, vp8_lanes coefficients, float *costs)
{
    const float bits = design->rough_bits, dead_zone = design->rough_dead_zone;

    memset(costs, 0, VP8_LANES * sizeof *costs);
    for (int row = 0; row < VP8_BLOCK; row += 4) {
        float products[VP8_LANES], errors[VP8_LANES] = {0};
        for (size_t lane = 0; lane < VP8_LANES; lane++) {
            products[lane] = 1.0F;
        }
        for (int i = row == 0 ? first : row; i < row + 4; i++) {
            const float inverse = quantizer->inverses[i], scale = quantizer->weights[i];
            for (size_t lane = 0; lane < VP8_LANES; lane++) {
                const float steps = fabsf(coefficients[i][lane]) * inverse;
                const float off = steps - (float)(int)(steps + dead_zone);
                products[lane] *= 1.0F + steps * steps;
                errors[lane] += scale * off * off;
            }
        }
        for (size_t lane = 0; lane < VP8_LANES; lane++) {
            costs[lane] += weights[lane] * errors[lane] + bits * rough_log2(products[lane]);
        }
    }
}

float vp8_error_of(const struct vp8_design *design, const struct vp8_quantizer *quantizer,
    const float *source, const float *coefficients, int first, const int16_t *levels)
{
    float error = 0.0F, lost = 0.0F;

    for (int place = first; place < VP8_BLOCK; place++) {
        const int at = vp8_zigzag[place];
        const float inverse = quantizer->inverses[at], weight = quantizer->weights[at];
        const float off = coefficients[at] * inverse - (float)levels[place];
        const float original = source[at] * inverse;
        error += weight * off * off;
        lost += place > 0 ? weight * (fabsf(original) - fabsf(original - off)) : 0.0F;
    }
    return error + design->texture * fabsf(lost);
}

void vp8_reconstruct(const struct vp8_quantizer *quantizer, const int16_t *levels, const int *dc,
    const uint8_t *prediction, size_t prediction_stride, uint8_t *samples, size_t stride)
{
    int coefficients[VP8_BLOCK];

    for (int place = 0; place < VP8_BLOCK; place++) {
        coefficients[vp8_zigzag[place]] = levels[place] * quantizer->steps[place > 0];
    }
    if (dc != NULL) {
        coefficients[0] = *dc;
    }
    vp8_inverse(coefficients, prediction, prediction_stride, samples, stride);
}
