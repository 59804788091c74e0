#include "webp/tokens.h"

#include <math.h>

const uint16_t vp8_category_first[VP8_CATEGORIES + 1] = {5, 7, 11, 19, 35, 67, 2048 + 67};

const uint8_t vp8_category_bits[VP8_CATEGORIES][12] = {
    {159},
    {165, 145},
    {173, 148, 140},
    {176, 155, 140, 135},
    {180, 157, 141, 134, 130},
    {254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129},
};

float vp8_bit_cost(int bit, unsigned probability)
{
    return -log2f((float)(bit ? 256U - probability : probability) * (1.0F / 256.0F));
}

/* Bits for 0 and 1 on a branch that was taken so often either way; never none at all. */
static void branch_costs(const uint32_t *counts, float *zero, float *one)
{
    const float zeros = (float)counts[0] + 0.5F, ones = (float)counts[1] + 0.5F;
    const float share = zeros / (zeros + ones);
    const float bounded = fminf(fmaxf(share, 1.0F / 256.0F), 255.0F / 256.0F);

    *zero = -log2f(bounded);
    *one = -log2f(1.0F - bounded);
}

/* The entropy of a category's extra bits, if they are what their probabilities say; of the largest
 * one as if each value were as likely as the first. */
static float extra_bits(int category)
{
    float sum = 0.0F;

    for (int i = 0; vp8_category_bits[category][i] != 0; i++) {
        const unsigned probability = vp8_category_bits[category][i];
        const float share = (float)probability / 256.0F;
        sum += share * vp8_bit_cost(0, probability) + (1.0F - share) * vp8_bit_cost(1, probability);
    }
    return sum;
}

static void context_costs(
    uint32_t (*counts)[2], const float *extra, struct vp8_token_costs *costs)
{
    float zero[VP8_BRANCHES], one[VP8_BRANCHES];

    for (int branch = 0; branch < VP8_BRANCHES; branch++) {
        branch_costs(counts[branch], &zero[branch], &one[branch]);
    }
    const float above_one = one[1] + one[2] + 1.0F, large = above_one + one[3];
    costs->end = zero[0];
    costs->more = one[0];
    costs->tokens[0] = zero[1];
    costs->tokens[1] = one[1] + zero[2] + 1.0F;
    costs->tokens[2] = above_one + zero[3] + zero[4];
    costs->tokens[3] = above_one + zero[3] + one[4] + zero[5];
    costs->tokens[4] = above_one + zero[3] + one[4] + one[5];
    costs->tokens[5] = large + zero[6] + zero[7] + extra[0];
    costs->tokens[6] = large + zero[6] + one[7] + extra[1];
    costs->tokens[7] = large + one[6] + zero[8] + zero[9] + extra[2];
    costs->tokens[8] = large + one[6] + zero[8] + one[9] + extra[3];
    costs->tokens[9] = large + one[6] + one[8] + zero[10] + extra[4];
    costs->tokens[10] = large + one[6] + one[8] + one[10] + extra[5];
}

void vp8_costs_of(vp8_counts counts, vp8_costs costs)
{
    float extra[VP8_CATEGORIES];

    for (int category = 0; category < VP8_CATEGORIES; category++) {
        extra[category] = extra_bits(category);
    }
    for (int type = 0; type < VP8_TYPES; type++) {
        for (int band = 0; band < VP8_BANDS; band++) {
            for (int context = 0; context < VP8_CONTEXTS; context++) {
                context_costs(
                    counts[type][band][context], extra, &costs[type][band][context]);
            }
        }
    }
}

/* The branches that lead to a value above 1. */
static void count_large(int magnitude, uint32_t (*counts)[2])
{
    counts[3][magnitude > 4]++;
    if (magnitude <= 4) {
        counts[4][magnitude > 2]++;
        if (magnitude > 2) {
            counts[5][magnitude > 3]++;
        }
        return;
    }
    const int category = vp8_category_of(magnitude);
    counts[6][category > 1]++;
    if (category <= 1) {
        counts[7][category]++;
    } else {
        counts[8][category > 3]++;
        counts[category > 3 ? 10 : 9][category % 2]++;
    }
}

int vp8_count(const int16_t *levels, int type, int context, vp8_counts counts)
{
    const int first = vp8_first_of(type), end = vp8_end_of(levels, first);
    int is_after_zero = 0;

    for (int place = first; place < end; place++) {
        uint32_t(*const branches)[2] = counts[type][vp8_band_of[place]][context];
        const int magnitude = levels[place] < 0 ? -levels[place] : levels[place];
        if (!is_after_zero) {
            branches[0][1]++;
        }
        branches[1][magnitude > 0]++;
        if (magnitude > 0) {
            branches[2][magnitude > 1]++;
        }
        if (magnitude > 1) {
            count_large(magnitude, branches);
        }
        is_after_zero = magnitude == 0;
        context = vp8_context_of(magnitude);
    }
    if (end < VP8_BLOCK) {
        counts[type][vp8_band_of[end]][context][0][0]++;
    }
    return end > first;
}
