/* A macroblock's luma, or its chroma, by one prediction. */

#include <math.h>
#include <string.h>

#include "webp/coder.h"

/* RFC 6386, 11.2 and 11.4: the bits of a mode, that there is one for the whole macroblock with
 * them. */
static const float WHOLE_BITS[VP8_MODES] = {2.571F, 3.381F, 3.562F, 3.562F};
static const float CHROMA_BITS[VP8_MODES] = {0.850F, 2.334F, 2.502F, 3.827F};

static void subtract(vp8_lanes from, vp8_lanes lanes, vp8_lanes result)
{
    for (size_t i = 0; i < VP8_BLOCK; i++) {
        for (size_t lane = 0; lane < VP8_LANES; lane++) {
            result[i][lane] = from[i][lane] - lanes[i][lane];
        }
    }
}

static void predict_luma(struct vp8_coder *coder, int mode, uint8_t *prediction)
{
    vp8_predict_square(coder->places[0], coder->strides[0], VP8_SIDE, mode, coder->has_above,
        coder->has_left, prediction);
}

/* The coefficients of luma less a prediction. */
static void luma_residual(struct vp8_coder *coder, int mode, vp8_lanes coefficients)
{
    uint8_t prediction[VP8_SIDE * VP8_SIDE];
    vp8_lanes samples, predicted;

    predict_luma(coder, mode, prediction);
    vp8_to_lanes(prediction, VP8_SIDE, VP8_SIDE, 0, samples);
    vp8_forward(samples, predicted);
    subtract(coder->luma, predicted, coefficients);
}

/* The rough cost of the DC coefficients, which are transformed once more. */
static float rough_y2(struct vp8_coder *coder, const float *dcs)
{
    const struct vp8_quantizer *const quantizer = &coder->quantizers->y2;
    float values[VP8_BLOCK], cost = 0.0F;

    vp8_forward_y2(dcs, values);
    for (int i = 0; i < VP8_BLOCK; i++) {
        const float steps = fabsf(values[i]) * quantizer->inverses[i];
        const float off = steps - floorf(steps + coder->design->rough_dead_zone);
        cost += coder->weight * quantizer->weights[i] * off * off
            + coder->design->rough_bits * log2f(1.0F + steps * steps);
    }
    return cost;
}

static float rough_whole(struct vp8_coder *coder, vp8_lanes coefficients)
{
    float costs[VP8_LANES];
    float sum = rough_y2(coder, coefficients[0]);

    vp8_rough_costs(
        coder->design, &coder->quantizers->luma, coder->luma_weights, 1, coefficients, costs);
    for (size_t lane = 0; lane < VP8_LANES; lane++) {
        sum += costs[lane];
    }
    return sum;
}

/* Bits and error of all blocks without their DC coefficients. */
static float quantize_ac(struct vp8_coder *coder, vp8_lanes coefficients, struct vp8_way *way)
{
    const struct vp8_quantizer *const quantizer = &coder->quantizers->luma;
    const struct vp8_design *const design = coder->design;
    uint8_t above[4], left[4];
    float cost = 0.0F;

    memcpy(above, coder->above, sizeof above);
    memcpy(left, coder->left, sizeof left);
    for (size_t block = 0; block < VP8_LUMA_BLOCKS; block++) {
        float values[VP8_BLOCK], source[VP8_BLOCK];
        int16_t *const levels = way->levels[block];
        uint8_t *const over = &above[block % 4], *const beside = &left[block / 4];
        vp8_column(coefficients, block, values);
        vp8_column(coder->luma, block, source);
        const float weight = coder->luma_weights[block];
        cost += vp8_trellis(quantizer, weight / design->whole_factor, values,
            coder->costs[VP8_TYPE_AC], 1, *over + *beside,
            levels);
        cost += weight / design->mode_factor
            * vp8_error_of(design, quantizer, source, values, 1, levels);
        *over = *beside = vp8_end_of(levels, 1) > 1;
    }
    return cost;
}

static float quantize_y2(struct vp8_coder *coder, const float *dcs, int16_t *levels)
{
    const struct vp8_quantizer *const quantizer = &coder->quantizers->y2;
    const struct vp8_design *const design = coder->design;
    const int context = coder->above[VP8_NEIGHBOUR_Y2] + coder->left[VP8_NEIGHBOUR_Y2];
    float values[VP8_BLOCK], error = 0.0F;

    vp8_forward_y2(dcs, values);
    const float bits = vp8_trellis(quantizer, coder->weight / design->y2_factor, values,
        coder->costs[VP8_TYPE_Y2], 0, context, levels);
    for (int place = 0; place < VP8_BLOCK; place++) {
        const int at = vp8_zigzag[place];
        const float off = values[at] * quantizer->inverses[at] - (float)levels[place];
        error += quantizer->weights[at] * off * off;
    }
    return bits + coder->weight / design->mode_factor * error;
}

void vp8_try_whole(struct vp8_coder *coder, struct vp8_way *way)
{
    vp8_lanes residuals[2];
    size_t best = 0;
    float least = INFINITY;

    for (int mode = 0; mode < VP8_MODES; mode++) {
        vp8_lanes *const tried = &residuals[1 - best];
        luma_residual(coder, mode, *tried);
        const float cost = rough_whole(coder, *tried) + WHOLE_BITS[mode];
        if (cost < least) {
            least = cost;
            best = 1 - best;
            way->mode = mode;
        }
    }
    way->mode_bits = WHOLE_BITS[way->mode];
    way->cost = way->mode_bits + quantize_ac(coder, residuals[best], way)
        + quantize_y2(coder, residuals[best][0], way->levels[VP8_Y2]);
}

void vp8_reconstruct_whole(struct vp8_coder *coder, const struct vp8_way *way)
{
    const struct vp8_quantizer *const y2 = &coder->quantizers->y2;
    const size_t stride = coder->strides[0];
    int values[VP8_BLOCK], dcs[VP8_BLOCK];
    uint8_t prediction[VP8_SIDE * VP8_SIDE];

    for (int place = 0; place < VP8_BLOCK; place++) {
        values[vp8_zigzag[place]] = way->levels[VP8_Y2][place] * y2->steps[place > 0];
    }
    vp8_inverse_y2(values, dcs);
    predict_luma(coder, way->mode, prediction);
    for (size_t block = 0; block < VP8_LUMA_BLOCKS; block++) {
        const size_t y = block / 4 * 4, x = block % 4 * 4;
        vp8_reconstruct(&coder->quantizers->luma, way->levels[block], &dcs[block],
            prediction + y * VP8_SIDE + x, VP8_SIDE, coder->places[0] + y * stride + x, stride);
    }
}

/* Both planes' predictions, and lanes of their blocks: four of blue, four of red, from `first`. */
static void predict_chroma(struct vp8_coder *coder, int mode, size_t first, vp8_lanes samples)
{
    uint8_t prediction[VP8_HALF * VP8_HALF];

    for (size_t plane = 0; plane < 2; plane++) {
        vp8_predict_square(coder->places[1 + plane], coder->strides[1 + plane], VP8_HALF, mode,
            coder->has_above, coder->has_left, prediction);
        vp8_to_lanes(prediction, VP8_HALF, VP8_HALF, first + 4 * plane, samples);
    }
}

/* The source's coefficients, twice side by side, for two modes at a time. */
static void chroma_source(struct vp8_coder *coder, vp8_lanes coefficients)
{
    vp8_lanes samples;

    for (size_t plane = 0; plane < 4; plane++) {
        vp8_to_lanes(coder->sources[1 + plane % 2], coder->source_strides[1 + plane % 2], VP8_HALF,
            4 * plane, samples);
    }
    vp8_forward(samples, coefficients);
}

static int choose_chroma(struct vp8_coder *coder, vp8_lanes source, vp8_lanes residuals)
{
    float least = INFINITY;
    int best = 0;

    for (int mode = 0; mode < VP8_MODES; mode += 2) {
        vp8_lanes samples, predicted, tried;
        float costs[VP8_LANES], weights[VP8_LANES];
        for (size_t lane = 0; lane < VP8_LANES; lane++) {
            weights[lane] = coder->weight;
        }
        predict_chroma(coder, mode, 0, samples);
        predict_chroma(coder, mode + 1, VP8_CHROMA_BLOCKS, samples);
        vp8_forward(samples, predicted);
        subtract(source, predicted, tried);
        vp8_rough_costs(
            coder->design, &coder->quantizers->chroma, weights, 0, tried, costs);
        for (size_t half = 0; half < 2; half++) {
            float cost = CHROMA_BITS[mode + (int)half];
            for (size_t block = 0; block < VP8_CHROMA_BLOCKS; block++) {
                cost += costs[half * VP8_CHROMA_BLOCKS + block];
            }
            if (cost < least) {
                least = cost;
                best = mode + (int)half;
                for (size_t i = 0; i < VP8_BLOCK; i++) {
                    memcpy(residuals[i], tried[i] + half * VP8_CHROMA_BLOCKS,
                        VP8_CHROMA_BLOCKS * sizeof **tried);
                }
            }
        }
    }
    return best;
}

void vp8_try_chroma(struct vp8_coder *coder, struct vp8_way *way)
{
    const struct vp8_quantizer *const quantizer = &coder->quantizers->chroma;
    const float weight = coder->weight / coder->design->chroma_factor;
    vp8_lanes source, residuals;

    chroma_source(coder, source);
    way->mode = choose_chroma(coder, source, residuals);
    for (size_t plane = 0; plane < 2; plane++) {
        const size_t stride = coder->strides[1 + plane];
        uint8_t prediction[VP8_HALF * VP8_HALF], above[2], left[2];
        uint8_t *const place = coder->places[1 + plane];
        vp8_predict_square(place, stride, VP8_HALF, way->mode, coder->has_above, coder->has_left,
            prediction);
        memcpy(above, coder->above + VP8_NEIGHBOUR_BLUE + 2 * plane, sizeof above);
        memcpy(left, coder->left + VP8_NEIGHBOUR_BLUE + 2 * plane, sizeof left);
        for (size_t block = 0; block < 4; block++) {
            const size_t y = block / 2 * 4, x = block % 2 * 4;
            int16_t *const levels = way->levels[VP8_LUMA_BLOCKS + 4 * plane + block];
            float values[VP8_BLOCK];
            vp8_column(residuals, 4 * plane + block, values);
            vp8_trellis(quantizer, weight, values,
                coder->costs[VP8_TYPE_CHROMA], 0,
                above[block % 2] + left[block / 2], levels);
            above[block % 2] = left[block / 2] = vp8_end_of(levels, 0) > 0;
            vp8_reconstruct(quantizer, levels, NULL, prediction + y * VP8_HALF + x, VP8_HALF,
                place + y * stride + x, stride);
        }
    }
}
