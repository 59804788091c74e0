/* What tokens cost, and how often they occur (RFC 6386, 13). */

#ifndef LEANPIX_VP8_TOKENS_H
#define LEANPIX_VP8_TOKENS_H

#include "webp/tables.h"

/* The values 0 to 4, then categories of larger ones that have extra bits. */
enum { VP8_CATEGORIES = 6, VP8_FIRST_CATEGORY = 5, VP8_TOKENS = VP8_FIRST_CATEGORY + VP8_CATEGORIES };

/* The first value of each category, and the first of none. */
extern const uint16_t vp8_category_first[VP8_CATEGORIES + 1];
/* Probabilities of the extra bits, the highest first; 0 ends them. */
extern const uint8_t vp8_category_bits[VP8_CATEGORIES][12];

static inline int vp8_category_of(int magnitude)
{
    int category = 0;

    while (magnitude >= vp8_category_first[category + 1]) {
        category++;
    }
    return category;
}

/* In bits: that there is no token any more, that there is one, and each token. The sign and extra
 * bits are part of a token's. */
struct vp8_token_costs {
    float end, more, tokens[VP8_TOKENS];
};

/* Extra bits are counted as the mean of their category's. */
typedef struct vp8_token_costs vp8_costs[VP8_TYPES][VP8_BANDS][VP8_CONTEXTS];

/* What a bit costs whose probability to be 0 is `probability` of 256. */
float vp8_bit_cost(int bit, unsigned probability);

void vp8_costs_of(vp8_counts counts, vp8_costs costs);

static inline int vp8_token_of(int magnitude)
{
    return magnitude < VP8_FIRST_CATEGORY ? magnitude
                                          : VP8_FIRST_CATEGORY + vp8_category_of(magnitude);
}

/* Adds a block's tokens to the counts; true where it has any. */
int vp8_count(const int16_t *levels, int type, int context, vp8_counts counts);

/* The place after the last level that is not 0, or `first`. */
static inline int vp8_end_of(const int16_t *levels, int first)
{
    int end = VP8_BLOCK;

    while (end > first && levels[end - 1] == 0) {
        end--;
    }
    return end;
}

static inline int vp8_first_of(int type)
{
    return type == VP8_TYPE_AC ? 1 : 0;
}

static inline int vp8_context_of(int magnitude)
{
    return magnitude > 1 ? 2 : magnitude;
}

#endif
