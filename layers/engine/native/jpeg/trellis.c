/* Trellis quantization: of all ways to round a block's coefficients, the one with the least sum of
 * squared error and weighted bits, found by dynamic programming over the coefficients that stay
 * (Crouse and Ramchandran, "Joint thresholding and quantizer selection for transform image
 * coding", IEEE Transactions on Image Processing 6, 1997; mozjpeg made it practical). */

#include <math.h>
#include <string.h>

#include "jpeg/jpeg.h"
#include "jpeg/symbols.h"

enum { LARGEST = 1023, END_OF_BLOCK = 0x00 };

/* The best choice so far whose last coefficient that stays is the one at `position`. */
struct node {
    float cost; /* of all up to here, less what zeros there would cost */
    int position, value, previous;
};

static inline int symbol_of(int run, int size)
{
    return (run << 4) | size;
}

/* The best way to let the coefficient at `position` stay as `value`, if better than `best`. */
static void extend(const struct node *nodes, int count, int position, int value, float error,
    const struct jpeg_quantizer *quantizer, float bit_cost, struct node *best)
{
    const int size = jpeg_bit_length((unsigned)value);
    float cheapest = INFINITY;

    for (int index = count - 1; index >= 0; index--) {
        /* A predecessor farther away makes a longer run: it has to be better to be worth a look. */
        if (nodes[index].cost >= cheapest) {
            continue;
        }
        cheapest = nodes[index].cost;
        int run = position - nodes[index].position - 1;
        float bits = (float)size;
        for (; run > JPEG_LONGEST_RUN; run -= JPEG_LONGEST_RUN + 1) {
            bits += quantizer->symbol_bits[JPEG_RUN_OF_16];
        }
        bits += quantizer->symbol_bits[symbol_of(run, size)];
        const float cost = nodes[index].cost + error + bit_cost * bits;
        if (cost < best->cost) {
            *best = (struct node){cost, position, value, index};
        }
    }
}

static int last_of(const struct node *nodes, int count, float end_cost)
{
    int last = 0;
    float least = INFINITY;

    for (int index = 0; index < count; index++) {
        const float cost
            = nodes[index].cost + (nodes[index].position < JPEG_BLOCK - 1 ? end_cost : 0.0F);
        if (cost < least) {
            least = cost;
            last = index;
        }
    }
    return last;
}

static float bit_cost_of(const struct jpeg_quantizer *quantizer, const float *coefficients)
{
    float sum = 0.0F;

    for (int position = 1; position < JPEG_BLOCK; position++) {
        sum += coefficients[position] * coefficients[position];
    }
    const float activity = sum / (float)JPEG_BLOCK + quantizer->masking_knee;
    return quantizer->bit_weight
        * powf(activity / quantizer->masking_scale, quantizer->masking_power);
}

/* True where all of eight coefficients are too small to stay; most groups of a block are. */
static inline int is_zero_group(const float *steps, float least)
{
    int above = 0;

    for (int index = 0; index < JPEG_SIDE; index++) {
        above |= steps[index] >= least;
    }
    return !above;
}

/* The fewest bits that a coefficient of 1 takes, with its sign. One that saves less error, which
 * is 2 step - 1, could only stay to shorten another's run. Where it saves less than half of it
 * that hardly ever pays: not to look at those takes an eighth of the time and costs 0.01 % of the
 * bytes. */
static float cheapest_bits_of(const struct jpeg_quantizer *quantizer)
{
    float cheapest = quantizer->symbol_bits[symbol_of(0, 1)];

    for (int run = 1; run <= JPEG_LONGEST_RUN; run++) {
        cheapest = fminf(cheapest, quantizer->symbol_bits[symbol_of(run, 1)]);
    }
    return cheapest + 1.0F;
}

static void quantize_block(const struct jpeg_quantizer *quantizer, const float *inverse,
    float cheapest_bits, const float *coefficients, int16_t *quantized)
{
    const float bit_cost = bit_cost_of(quantizer, coefficients);
    const float least = 0.5F + 0.25F * bit_cost * cheapest_bits;
    struct node nodes[JPEG_BLOCK];
    float steps[JPEG_BLOCK];
    int count = 1;

    nodes[0] = (struct node){0.0F, 0, 0, 0};
    for (int position = 0; position < JPEG_BLOCK; position++) {
        steps[position] = fabsf(coefficients[position]) * inverse[position];
    }
    for (int position = 1; position < JPEG_BLOCK; position++) {
        const float step = steps[position];
        if (position % JPEG_SIDE == 0 && is_zero_group(steps + position, least)) {
            position += JPEG_SIDE - 1;
            continue;
        }
        if (step < least) {
            continue;
        }
        const int nearest = step < (float)LARGEST ? (int)(step + 0.5F) : LARGEST;
        struct node best = {INFINITY, position, 0, 0};
        for (int value = nearest; value > 0 && value > nearest - 2; value--) {
            const float error = step - (float)value;
            extend(nodes, count, position, value, error * error - step * step, quantizer, bit_cost,
                &best);
        }
        nodes[count++] = best;
    }
    memset(quantized, 0, JPEG_BLOCK * sizeof *quantized);
    const float dc = floorf(steps[0] + 0.5F);
    quantized[0] = (int16_t)(coefficients[0] < 0 ? -dc : dc);
    for (int index = last_of(nodes, count, bit_cost * quantizer->symbol_bits[END_OF_BLOCK]);
         index > 0; index = nodes[index].previous) {
        const int position = nodes[index].position, value = nodes[index].value;
        quantized[position] = (int16_t)(coefficients[position] < 0 ? -value : value);
    }
}

static void count_symbols(const int16_t *quantized, int64_t *counts)
{
    int run = 0;

    for (int position = 1; position < JPEG_BLOCK; position++) {
        const int value = quantized[position];
        if (value == 0) {
            run++;
            continue;
        }
        for (; run > JPEG_LONGEST_RUN; run -= JPEG_LONGEST_RUN + 1) {
            counts[JPEG_RUN_OF_16]++;
        }
        counts[symbol_of(run, jpeg_bit_length(jpeg_magnitude_of(value)))]++;
        run = 0;
    }
    if (run > 0) {
        counts[END_OF_BLOCK]++;
    }
}

int leanpix_jpeg_quantize(const struct jpeg_quantizer *quantizer, const float *coefficients,
    size_t blocks, int16_t *quantized, int64_t *counts)
{
    const float cheapest_bits = cheapest_bits_of(quantizer);
    float inverse[JPEG_BLOCK];

    for (int position = 0; position < JPEG_BLOCK; position++) {
        inverse[position] = 1.0F / quantizer->table[position];
    }
    memset(counts, 0, JPEG_SYMBOLS * sizeof *counts);
    for (size_t block = 0; block < blocks; block++) {
        quantize_block(quantizer, inverse, cheapest_bits, coefficients, quantized);
        count_symbols(quantized, counts);
        coefficients += JPEG_BLOCK;
        quantized += JPEG_BLOCK;
    }
    return LEANPIX_OK;
}
