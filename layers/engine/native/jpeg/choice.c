/* Which scans need the least bits: a partition of the positions into bands, found by dynamic
 * programming over where they begin. */

#include "jpeg/scans.h"

#include "arithmetic.h"

/* The starts of bands: behind the DC coefficient, and densely where the coefficients are. */
static const uint8_t starts[] = {1, 2, 3, 4, 6, 9, 19, JPEG_BLOCK};

enum {
    BANDS = sizeof starts / sizeof starts[0] - 1,
    /* As many of the levels as are tried for coarse steps. */
    QUICK_LEVELS = 3,
    /* A sample: photos are much the same in every part, screenshots are not. */
    ENOUGH_BLOCKS = 2048,
    LARGEST_STEP = 4,
    /* A last band that is this part of all bits worse than the best is not tried any further. */
    HOPELESS = 32,
    /* Segments of a scan: SOS, and its share of DHT without the symbols. */
    SCAN_BYTES = 10 + 17,
};

_Static_assert(JPEG_COMPONENTS * (BANDS + JPEG_LEVELS - 1) <= JPEG_MOST_SCANS,
    "there may be more scans than there is room for");

/* The best way to have all positions before a start: with this scan last. */
struct way {
    uint64_t bits;
    size_t begin;
    int low;
};

/* The bits of one more scan, judged by every `step`th row of blocks. */
static uint64_t bits_of(const struct jpeg_plane *planes, size_t components,
    const struct jpeg_scan *scan, size_t step)
{
    uint64_t bits = 0;

    for (size_t index = 0; index < components; index++) {
        const struct jpeg_plane *const plane = &planes[index];
        const size_t rows = (plane->high + step - 1) / step;
        struct jpeg_statistics statistics = {0};
        struct jpeg_huffman table;
        jpeg_count_scan(plane, scan, step, &statistics);
        jpeg_huffman_fit(&statistics, &table);
        bits += jpeg_huffman_bits(&statistics, &table) * plane->high / rows;
        bits += 8 * (SCAN_BYTES + (uint64_t)table.symbols);
    }
    return bits;
}

/* The best scans for positions from one start up to another, if better than `best`: whole, or with
 * their lowest bits left to one or two later scans. */
static void try_band(const struct jpeg_plane *planes, size_t components, size_t step,
    const struct way *ways, size_t begin, size_t end, struct way *best)
{
    struct jpeg_scan scan = {.first = starts[begin], .last = starts[end] - 1};
    /* Only where bands are wide do lower bits find enough zeros between them. */
    const int levels = end == BANDS && begin > 0 ? QUICK_LEVELS : 1;
    uint64_t refinements = 0, before = UINT64_MAX;

    for (scan.low = 0; scan.low < levels; scan.low++) {
        scan.refines = 0;
        const uint64_t bits
            = ways[begin].bits + bits_of(planes, components, &scan, step) + refinements;
        if (bits < best->bits) {
            *best = (struct way){bits, begin, scan.low};
        }
        if (scan.low + 1 == levels || bits > before || bits > best->bits + best->bits / HOPELESS) {
            return;
        }
        before = bits;
        scan.refines = 1;
        refinements += bits_of(planes, components, &scan, step);
    }
}

static size_t step_of(const struct jpeg_plane *planes)
{
    return at_most(1 + planes->wide * planes->high / ENOUGH_BLOCKS, LARGEST_STEP);
}

size_t jpeg_choose_scans(const struct jpeg_plane *planes, size_t component, size_t components,
    struct jpeg_scan *scans, size_t count)
{
    const size_t step = step_of(planes);
    struct way ways[BANDS + 1] = {{0}};

    for (size_t end = 1; end <= BANDS; end++) {
        ways[end].bits = UINT64_MAX;
        for (size_t begin = 0; begin < end; begin++) {
            try_band(planes, components, step, ways, begin, end, &ways[end]);
        }
    }
    for (size_t end = BANDS; end > 0; end = ways[end].begin) {
        const struct way *const way = &ways[end];
        for (size_t index = 0; index < components; index++) {
            struct jpeg_scan scan = {component + index, starts[way->begin], starts[end] - 1,
                way->low, 0};
            scans[count++] = scan;
            scan.refines = 1;
            while (scan.low > 0) {
                scan.low--;
                scans[count++] = scan;
            }
        }
    }
    return count;
}

/* The best bands for all positions before a start: those from the start `split` on, if any, leave
 * bits to later scans of all of them together, which are counted in. */
struct partition {
    uint64_t bits;
    size_t begin, split;
};

/* For all starts, the best bands that have their bits from `low` up, behind such as `whole` has,
 * which have all of them; without `whole`, from the first position on. `later` are the bits of
 * refinement scans, by the start that they begin at. */
static void divide(const struct jpeg_plane *planes, size_t components, size_t step, int low,
    const struct partition *whole, const uint64_t *later, struct partition *best)
{
    best[0] = (struct partition){.bits = whole ? UINT64_MAX : 0};
    for (size_t end = 1; end <= BANDS; end++) {
        best[end] = (struct partition){.bits = UINT64_MAX};
        for (size_t begin = 0; begin < end; begin++) {
            const struct jpeg_scan scan
                = {.first = starts[begin], .last = starts[end] - 1, .low = low};
            const uint64_t entered = whole ? whole[begin].bits + later[begin] : UINT64_MAX;
            const int enters = entered < best[begin].bits;
            const uint64_t before = enters ? entered : best[begin].bits;
            const uint64_t bits = before + bits_of(planes, components, &scan, step);
            if (bits < best[end].bits) {
                best[end]
                    = (struct partition){bits, begin, enters ? begin : best[begin].split};
            }
        }
    }
}

/* The scans of a partition, in any order: its bands, then what they left. */
static size_t list_scans(const struct partition *whole, const struct partition *best, int low,
    size_t component, struct jpeg_scan *scans, size_t count)
{
    const size_t split = low > 0 ? best[BANDS].split : BANDS;

    for (size_t end = BANDS, begin; end > 0; end = begin) {
        begin = end > split ? best[end].begin : whole[end].begin;
        scans[count++] = (struct jpeg_scan){component, starts[begin], starts[end] - 1,
            end > split ? low : 0, 0};
    }
    for (int later = low - 1; later >= 0; later--) {
        scans[count++]
            = (struct jpeg_scan){component, starts[split], JPEG_BLOCK - 1, later, 1};
    }
    return count;
}

size_t jpeg_choose_scans_thoroughly(const struct jpeg_plane *planes, size_t component,
    size_t components, struct jpeg_scan *scans, size_t count)
{
    const size_t step = step_of(planes);
    struct partition found[JPEG_LEVELS][BANDS + 1];
    uint64_t later[BANDS + 1] = {0};
    int best = 0;

    divide(planes, components, step, 0, NULL, NULL, found[0]);
    for (int low = 1; low < JPEG_LEVELS; low++) {
        for (size_t begin = 0; begin < BANDS; begin++) {
            const struct jpeg_scan scan = {0, starts[begin], JPEG_BLOCK - 1, low - 1, 1};
            later[begin] += bits_of(planes, components, &scan, step);
        }
        divide(planes, components, step, low, found[0], later, found[low]);
        const uint64_t least = found[best][BANDS].bits;
        if (found[low][BANDS].bits < least) {
            best = low;
        } else if (found[low][BANDS].bits > least + least / HOPELESS) {
            break;
        }
    }
    for (size_t index = 0; index < components; index++) {
        count = list_scans(found[0], found[best], best, component + index, scans, count);
    }
    return count;
}
