/* Of all ways to round a block's coefficients, the one with the least sum of weighted squared
 * error and bits, by dynamic programming over the last level and with it the next token's context
 * (the idea: Crouse and Ramchandran, IEEE Transactions on Image Processing 6, 1997). */

#include "webp/trellis.h"

#include <math.h>
#include <string.h>

enum { MOST_STATES = 3 };

/* What is known where one level is chosen. */
struct state {
    float score; /* up to here, and that there is more */
    int level, previous;
    const float *tokens; /* what the next one costs */
};

struct path {
    struct state states[VP8_BLOCK + 1][MOST_STATES];
    int counts[VP8_BLOCK + 1];
    float best;
    int end, last; /* the place after the last level, and its state */
};

/* The levels worth a try: the nearest, one below, and 0. */
static int levels_of(float steps, int *levels)
{
    const int nearest = steps < (float)VP8_LARGEST ? (int)(steps + 0.5F) : VP8_LARGEST;
    int count = 0;

    levels[count++] = nearest;
    if (nearest > 0) {
        levels[count++] = nearest - 1;
    }
    if (nearest > 1) {
        levels[count++] = 0;
    }
    return count;
}

static int cheapest_before(const struct path *path, int place, int token, float *score)
{
    const struct state *const states = path->states[place];
    int best = 0;

    *score = states[0].score + states[0].tokens[token];
    for (int index = 1; index < path->counts[place]; index++) {
        const float other = states[index].score + states[index].tokens[token];
        if (other < *score) {
            *score = other;
            best = index;
        }
    }
    return best;
}

/* One level at a place, as a state that others follow and as the last one. */
static void choose(struct path *path, int place, int level, float error,
    struct vp8_token_costs (*costs)[VP8_CONTEXTS])
{
    const struct vp8_token_costs *const next
        = &costs[vp8_band_of[place + 1]][vp8_context_of(level)];
    const int index = path->counts[place + 1]++;
    struct state *const state = &path->states[place + 1][index];
    float score;

    state->previous = cheapest_before(path, place, vp8_token_of(level), &score);
    state->level = level;
    state->tokens = next->tokens;
    score += error;
    state->score = level > 0 ? score + next->more : score;
    const float ended = place + 1 < VP8_BLOCK ? score + next->end : score;
    if (level > 0 && ended < path->best) {
        path->best = ended;
        path->end = place + 1;
        path->last = index;
    }
}

/* Where the last coefficient is that rounds to more than 0, and one behind. */
static int end_of(const float *steps, int first)
{
    int end = VP8_BLOCK;

    while (end > first && steps[end - 1] < 0.5F) {
        end--;
    }
    return end;
}

static void follow(const struct path *path, const float *coefficients, int first, int16_t *levels)
{
    int index = path->last;

    for (int place = path->end; place > first; place--) {
        const struct state *const state = &path->states[place][index];
        const int is_negative = coefficients[vp8_zigzag[place - 1]] < 0.0F;
        levels[place - 1] = (int16_t)(is_negative ? -state->level : state->level);
        index = state->previous;
    }
}

/* How much less the error of chosen levels is than that of zeros. */
static float saved_by(const int16_t *levels, const float *steps, const float *weights, int first,
    int end)
{
    float saved = 0.0F;

    for (int place = first; place < end; place++) {
        const float level = fabsf((float)levels[place]);
        saved += weights[place] * level * (2.0F * steps[place] - level);
    }
    return saved;
}

float vp8_trellis(const struct vp8_quantizer *quantizer, float weight, const float *coefficients,
    struct vp8_token_costs (*costs)[VP8_CONTEXTS], int first, int context, int16_t *levels)
{
    const struct vp8_token_costs *const begin = &costs[vp8_band_of[first]][context];
    float steps[VP8_BLOCK], weights[VP8_BLOCK];
    struct path path;

    for (int place = 0; place < VP8_BLOCK; place++) {
        const int at = vp8_zigzag[place];
        steps[place] = fabsf(coefficients[at]) * quantizer->inverses[at];
        weights[place] = weight * quantizer->weights[at];
    }
    memset(levels, 0, VP8_BLOCK * sizeof *levels);
    const int end = end_of(steps, first);
    path.best = begin->end;
    path.end = first;
    path.last = 0;
    path.states[first][0] = (struct state){begin->more, 0, 0, begin->tokens};
    path.counts[first] = 1;
    for (int place = first; place < end; place++) {
        int tried[MOST_STATES];
        const int count = levels_of(steps[place], tried);
        path.counts[place + 1] = 0;
        for (int index = 0; index < count; index++) {
            const float level = (float)tried[index];
            const float error = weights[place] * level * (level - 2.0F * steps[place]);
            choose(&path, place, tried[index], error, costs);
        }
    }
    follow(&path, coefficients, first, levels);
    return path.best + saved_by(levels, steps, weights, first, path.end);
}
