#include "jpeg/huffman.h"

#include <string.h>

/* One more than there are symbols: T.81 wants no code to be all ones, so a symbol that never
 * occurs takes the longest. */
enum { LEAVES = JPEG_SYMBOLS + 1, DEEPEST = LEAVES };

struct leaf {
    uint32_t count;
    int symbol;
};

/* By falling count; of few symbols, most of which are in order already. */
static void sort(struct leaf *leaves, int count)
{
    for (int index = 1; index < count; index++) {
        const struct leaf moved = leaves[index];
        int at = index;
        for (; at > 0 && leaves[at - 1].count < moved.count; at--) {
            leaves[at] = leaves[at - 1];
        }
        leaves[at] = moved;
    }
}

/* The nodes of Huffman's tree: `leaves` by falling count, inner ones made from the last to the
 * first; both queues are eaten from the end. `depths` receives how many leaves lie how deep. */
static void count_depths(const struct leaf *leaves, int count, int depths[DEEPEST])
{
    uint64_t weights[LEAVES];
    int parents[LEAVES], leaf_parents[LEAVES], levels[LEAVES];
    int leaf = count - 1, oldest = 0;

    for (int inner = 0; inner < count - 1; inner++) {
        weights[inner] = 0;
        for (int child = 0; child < 2; child++) {
            if (leaf >= 0 && (oldest == inner || leaves[leaf].count <= weights[oldest])) {
                weights[inner] += leaves[leaf].count;
                leaf_parents[leaf--] = inner;
            } else {
                weights[inner] += weights[oldest];
                parents[oldest++] = inner;
            }
        }
    }
    levels[count - 2] = 0;
    for (int inner = count - 3; inner >= 0; inner--) {
        levels[inner] = levels[parents[inner]] + 1;
    }
    memset(depths, 0, DEEPEST * sizeof *depths);
    for (int index = 0; index < count; index++) {
        depths[levels[leaf_parents[index]] + 1]++;
    }
}

/* Brings leaves that lie too deep up to the longest code (T.81, figure K.3): of two siblings one
 * takes their parent's position, the other makes a pair with a leaf from higher up. */
static void limit_depths(int depths[DEEPEST])
{
    for (int depth = DEEPEST - 1; depth > JPEG_LONGEST_CODE; depth--) {
        while (depths[depth] > 0) {
            int higher = depth - 2;
            while (depths[higher] == 0) {
                higher--;
            }
            depths[depth] -= 2;
            depths[depth - 1]++;
            depths[higher + 1] += 2;
            depths[higher]--;
        }
    }
}

void jpeg_huffman_fit(const struct jpeg_statistics *statistics, struct jpeg_huffman *table)
{
    struct leaf leaves[LEAVES];
    int depths[DEEPEST], count = 0;

    memset(table, 0, sizeof *table);
    for (int symbol = 0; symbol < JPEG_SYMBOLS; symbol++) {
        if (statistics->counts[symbol] > 0) {
            leaves[count++] = (struct leaf){statistics->counts[symbol], symbol};
        }
    }
    if (count == 0) {
        return;
    }
    sort(leaves, count);
    leaves[count] = (struct leaf){0, -1};
    count_depths(leaves, count + 1, depths);
    limit_depths(depths);
    int longest = JPEG_LONGEST_CODE;
    while (depths[longest] == 0) {
        longest--;
    }
    depths[longest]--; /* the one that never occurs */
    for (int length = 1; length <= JPEG_LONGEST_CODE; length++) {
        table->of_length[length - 1] = (uint8_t)depths[length];
    }
    for (int index = 0; index < count; index++) {
        table->listed[index] = (uint8_t)leaves[index].symbol;
    }
    table->symbols = count;
}

uint64_t jpeg_huffman_bits(
    const struct jpeg_statistics *statistics, const struct jpeg_huffman *table)
{
    uint64_t bits = statistics->extra_bits;
    const uint8_t *symbol = table->listed;

    for (unsigned length = 1; length <= JPEG_LONGEST_CODE; length++) {
        for (int left = table->of_length[length - 1]; left > 0; left--) {
            bits += (uint64_t)length * statistics->counts[*symbol++];
        }
    }
    return bits;
}

void jpeg_huffman_codes(const struct jpeg_huffman *table, struct jpeg_codes *codes)
{
    const uint8_t *symbol = table->listed;
    unsigned code = 0;

    memset(codes, 0, sizeof *codes);
    for (unsigned length = 1; length <= JPEG_LONGEST_CODE; length++) {
        for (int left = table->of_length[length - 1]; left > 0; left--, symbol++) {
            codes->codes[*symbol] = (uint16_t)code++;
            codes->lengths[*symbol] = (uint8_t)length;
        }
        code <<= 1;
    }
}
