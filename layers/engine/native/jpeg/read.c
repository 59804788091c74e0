/* The scans of a progressive JPEG back to coefficients (T.81, annex G): DC coefficients whole,
 * others in bands, at once or bit by bit. What is read was written by mozjpeg or by us, but nothing
 * here relies on that: every bit may be anything. */

#include "jpeg/huffman.h"

enum {
    RUN_OF_16 = 15, /* a run of this many without a value is of one more */
    QUICK_BITS = 9, /* codes up to this length are looked up at once */
    /* What 8-bit samples need (T.81, tables F.1 and F.2). */
    LARGEST_DC = 1024,
    LARGEST = 1023,
    LONGEST_DIFFERENCE = 11,
    LONGEST_VALUE = 10,
};

/* The input of bits. `failed` once there were none, or they made no sense; what is read then
 * is of no use, but harmless. */
struct source {
    const uint8_t *next, *end;
    uint64_t held;
    int count, failed;
};

struct decoder {
    uint8_t symbols[1 << QUICK_BITS], lengths[1 << QUICK_BITS];
    const uint8_t *listed;
    /* By length: the first 16-bit word that begins with a longer code; what has to be added to a
     * code to have its symbol's position in the list. */
    unsigned limits[JPEG_LONGEST_CODE + 1];
    int offsets[JPEG_LONGEST_CODE + 1];
};

/* A scan on its way, of the blocks that are being looked at. */
struct reading {
    struct source source;
    struct decoder decoders[JPEG_COMPONENTS];
    const struct jpeg_source_scan *scan;
    int before[JPEG_COMPONENTS]; /* the last DC coefficient of each of the scan's components */
    unsigned eob_run;            /* blocks from here on that have no new coefficient */
};

/* The next bits, at most 16; zeros behind the end. */
static inline unsigned peek(struct source *source, int length)
{
    while (source->count <= 48 && source->next < source->end) {
        source->held = source->held << 8 | *source->next++;
        source->count += 8;
    }
    const int spare = source->count - length;
    const uint64_t bits = spare >= 0 ? source->held >> spare : source->held << -spare;
    return (unsigned)bits & ((1U << length) - 1U);
}

static inline void skip(struct source *source, int length)
{
    if (length > source->count) {
        source->failed = 1;
        length = source->count;
    }
    source->count -= length;
}

static inline unsigned take(struct source *source, int length)
{
    const unsigned bits = peek(source, length);

    skip(source, length);
    return bits;
}

/* A value of so many bits with its sign (T.81, F.2.2.1). */
static inline int take_value(struct source *source, int size)
{
    if (size == 0) {
        return 0;
    }
    const int bits = (int)take(source, size);
    return bits >> (size - 1) ? bits : bits - (1 << size) + 1;
}

/* All words that begin with a code, of those that are looked up at once. */
static void list_quick(struct decoder *decoder, unsigned code, int length, uint8_t symbol)
{
    const int missing = QUICK_BITS - length;

    for (unsigned word = code << missing; word < (code + 1) << missing; word++) {
        decoder->symbols[word] = symbol;
        decoder->lengths[word] = (uint8_t)length;
    }
}

/* Prepare a table; return 0 where it has more codes of a length than there can be. */
static int prepare(struct decoder *decoder, const struct jpeg_source_table *table)
{
    unsigned code = 0, position = 0;

    *decoder = (struct decoder){.listed = table->listed};
    for (int length = 1; length <= JPEG_LONGEST_CODE; length++) {
        const unsigned count = table->of_length[length - 1];
        if (code + count > 1U << length || position + count > JPEG_SYMBOLS) {
            return 0;
        }
        decoder->offsets[length] = (int)position - (int)code;
        for (unsigned left = count; left > 0; left--, code++, position++) {
            if (length <= QUICK_BITS) {
                list_quick(decoder, code, length, table->listed[position]);
            }
        }
        decoder->limits[length] = code << (JPEG_LONGEST_CODE - length);
        code <<= 1;
    }
    return 1;
}

static inline int take_symbol(struct source *source, const struct decoder *decoder)
{
    const unsigned word = peek(source, JPEG_LONGEST_CODE);
    const unsigned quick = word >> (JPEG_LONGEST_CODE - QUICK_BITS);

    if (decoder->lengths[quick]) {
        skip(source, decoder->lengths[quick]);
        return decoder->symbols[quick];
    }
    for (int length = QUICK_BITS + 1; length <= JPEG_LONGEST_CODE; length++) {
        if (word >= decoder->limits[length]) {
            continue;
        }
        const int position = (int)(word >> (JPEG_LONGEST_CODE - length)) + decoder->offsets[length];
        if (position < 0 || position >= JPEG_SYMBOLS) {
            break;
        }
        skip(source, length);
        return decoder->listed[position];
    }
    source->failed = 1;
    return 0;
}

/* Read the DC coefficient of the next block; `block` is NULL where it only fills up a unit. */
static void read_dc(struct reading *reading, size_t index, int16_t *block)
{
    struct source *const source = &reading->source;
    const int size = take_symbol(source, &reading->decoders[index]);

    if (size > LONGEST_DIFFERENCE) {
        source->failed = 1;
        return;
    }
    const int value = reading->before[index] + take_value(source, size);
    if (value < -LARGEST_DC || value >= LARGEST_DC) {
        source->failed = 1;
        return;
    }
    reading->before[index] = value;
    if (block != NULL) {
        *block = (int16_t)value;
    }
}

/* Read a block of the first scan of these positions (T.81, G.1.2.2). */
static void read_first(struct reading *reading, int16_t *block)
{
    struct source *const source = &reading->source;
    const int last = (int)reading->scan->last, low = (int)reading->scan->low;

    if (reading->eob_run > 0) {
        reading->eob_run--;
        return;
    }
    for (int position = (int)reading->scan->first; position <= last; position++) {
        const int symbol = take_symbol(source, reading->decoders);
        const int run = symbol >> 4, size = symbol & 15;
        if (size == 0 && run < RUN_OF_16) {
            reading->eob_run = (1U << run) - 1U + take(source, run);
            return;
        }
        position += run;
        if (size == 0) {
            continue;
        }
        if (position > last || size + low > LONGEST_VALUE) {
            source->failed = 1;
            return;
        }
        block[position] = (int16_t)(take_value(source, size) * (1 << low));
    }
}

/* Apply the correction bit of a coefficient that an earlier scan had. */
static inline void correct(struct source *source, int16_t *coefficient, int one)
{
    if (take(source, 1) == 0) {
        return;
    }
    const int value = *coefficient + (*coefficient > 0 ? one : -one);
    if (value < -LARGEST || value > LARGEST) {
        source->failed = 1;
        return;
    }
    *coefficient = (int16_t)value;
}

/* Correct the known coefficients from a position on, up to the zero behind `run` other zeros.
 * Return the position of that zero, or the one behind the last. */
static int pass(struct reading *reading, int16_t *block, int position, int run)
{
    const int last = (int)reading->scan->last, one = 1 << reading->scan->low;

    for (; position <= last; position++) {
        if (block[position] != 0) {
            correct(&reading->source, &block[position], one);
        } else if (run-- == 0) {
            break;
        }
    }
    return position;
}

/* Read a block of a refinement scan (T.81, G.1.2.3). */
static void read_refinement(struct reading *reading, int16_t *block)
{
    struct source *const source = &reading->source;
    const int last = (int)reading->scan->last, one = 1 << reading->scan->low;
    int position = (int)reading->scan->first;

    for (; reading->eob_run == 0 && position <= last; position++) {
        const int symbol = take_symbol(source, reading->decoders);
        const int run = symbol >> 4, size = symbol & 15;
        if (size == 0 && run < RUN_OF_16) {
            reading->eob_run = (1U << run) + take(source, run);
            break;
        }
        const int fresh = size == 0 ? 0 : take(source, 1) ? one : -one;
        position = pass(reading, block, position, run);
        if (size > 1 || (fresh && position > last)) {
            source->failed = 1;
            return;
        }
        if (fresh) {
            block[position] = (int16_t)fresh;
        }
    }
    if (reading->eob_run > 0) {
        pass(reading, block, position, JPEG_BLOCK);
        reading->eob_run--;
    }
}

/* All blocks of one component, row by row. */
static void read_component(
    struct reading *reading, const struct jpeg_layout *layout, int16_t *coefficients)
{
    const size_t component = reading->scan->chosen[0];
    const size_t blocks = layout->wide[component] * layout->high[component];

    for (size_t block = 0; block < blocks && !reading->source.failed; block++) {
        int16_t *const at = coefficients + block * JPEG_BLOCK;
        if (reading->scan->last == 0) {
            read_dc(reading, 0, at);
        } else if (reading->scan->refines) {
            read_refinement(reading, at);
        } else {
            read_first(reading, at);
        }
    }
}

/* The blocks of one component that a minimum coded unit has. */
static void read_of_unit(struct reading *reading, const struct jpeg_layout *layout, size_t index,
    size_t row, size_t column, int16_t *coefficients)
{
    const size_t component = reading->scan->chosen[index];
    const size_t across = component == 0 ? layout->across : 1;
    const size_t down = component == 0 ? layout->down : 1;
    const size_t wide = layout->wide[component], high = layout->high[component];

    for (size_t y = row * down; y < (row + 1) * down; y++) {
        for (size_t x = column * across; x < (column + 1) * across; x++) {
            const int is_there = x < wide && y < high;
            read_dc(
                reading, index, is_there ? coefficients + (y * wide + x) * JPEG_BLOCK : NULL);
        }
    }
}

/* DC coefficients of several components, unit by unit. There are as many as chroma has
 * blocks. */
static void read_units(struct reading *reading, const struct jpeg_layout *layout,
    int16_t *const coefficients[JPEG_COMPONENTS])
{
    for (size_t row = 0; row < layout->high[1]; row++) {
        for (size_t column = 0; column < layout->wide[1]; column++) {
            for (size_t index = 0; index < reading->scan->components; index++) {
                read_of_unit(reading, layout, index, row, column,
                    coefficients[reading->scan->chosen[index]]);
            }
            if (reading->source.failed) {
                return;
            }
        }
    }
}

/* True where the layout can have such a scan. */
static int is_sound(const struct jpeg_layout *layout, const struct jpeg_source_scan *scan)
{
    if ((layout->components != 1 && layout->components != JPEG_COMPONENTS)
        || scan->components < 1 || scan->components > layout->components) {
        return 0;
    }
    for (size_t index = 0; index < scan->components; index++) {
        if (scan->chosen[index] >= layout->components) {
            return 0;
        }
    }
    if (scan->last == 0) {
        return scan->first == 0 && scan->low == 0 && !scan->refines;
    }
    return scan->components == 1 && scan->first > 0 && scan->first <= scan->last
        && scan->last < JPEG_BLOCK && scan->low < LONGEST_VALUE;
}

int leanpix_jpeg_read(const struct jpeg_layout *layout, const struct jpeg_source_scan *scan,
    const uint8_t *bytes, size_t count, int16_t *luma, int16_t *blue, int16_t *red)
{
    int16_t *const coefficients[JPEG_COMPONENTS] = {luma, blue, red};
    struct reading reading = {.source = {.next = bytes, .end = bytes + count}, .scan = scan};

    if (!is_sound(layout, scan)) {
        return LEANPIX_BROKEN;
    }
    for (size_t index = 0; index < scan->components; index++) {
        if (!prepare(&reading.decoders[index], &scan->tables[index])) {
            return LEANPIX_BROKEN;
        }
    }
    if (scan->components == 1) {
        read_component(&reading, layout, coefficients[scan->chosen[0]]);
    } else {
        read_units(&reading, layout, coefficients);
    }
    /* Nothing but what fills up the last byte may be left. */
    const struct source *const source = &reading.source;
    const int is_done = source->next == source->end && source->count < 8 && reading.eob_run == 0;
    return is_done && !source->failed ? LEANPIX_OK : LEANPIX_BROKEN;
}
