/* The baseline scan of all components (T.81, F.1.2). */

#include "jpeg.h"

enum {
    LONGEST_RUN = 15,
    RUN_OF_16 = 0xF0,
    END_OF_BLOCK = 0x00,
    AC_TABLES = 2,
    /* 64 symbols of at most 16 + 11 bits, every byte of them stuffed. */
    MOST_BYTES_OF_BLOCK = JPEG_BLOCK * 2 * 4,
};

/* Where symbols go, as codes. */
struct sink {
    const uint16_t *codes;
    const uint8_t *lengths;
    uint8_t *next;
    uint64_t bits;
    int pending;
};

static inline int bit_length(int value)
{
    const unsigned magnitude = (unsigned)(value < 0 ? -value : value);

    return magnitude ? 32 - __builtin_clz(magnitude) : 0;
}

static inline void put_bits(struct sink *sink, uint32_t value, int length)
{
    sink->bits = (sink->bits << length) | (value & ((1U << length) - 1U));
    for (sink->pending += length; sink->pending >= 8; sink->pending -= 8) {
        const uint8_t byte = (uint8_t)(sink->bits >> (sink->pending - 8));
        *sink->next++ = byte;
        if (byte == 0xFF) {
            *sink->next++ = 0; /* else it would begin a marker */
        }
    }
}

/* A symbol of a table, then the low `size` bits of a value, negative ones as one's complement. */
static inline void emit(struct sink *sink, size_t table, int symbol, int value, int size)
{
    const size_t at = table * JPEG_SYMBOLS + (size_t)symbol;

    put_bits(sink, sink->codes[at], sink->lengths[at]);
    if (size > 0) {
        put_bits(sink, (uint32_t)(value < 0 ? value - 1 : value), size);
    }
}

static void emit_block(struct sink *sink, size_t table, const int16_t *block, int difference)
{
    const int difference_size = bit_length(difference);
    int run = 0;

    emit(sink, table, difference_size, difference, difference_size);
    for (int place = 1; place < JPEG_BLOCK; place++) {
        const int value = block[place];
        if (value == 0) {
            run++;
            continue;
        }
        for (; run > LONGEST_RUN; run -= LONGEST_RUN + 1) {
            emit(sink, AC_TABLES + table, RUN_OF_16, 0, 0);
        }
        const int size = bit_length(value);
        emit(sink, AC_TABLES + table, (run << 4) | size, value, size);
        run = 0;
    }
    if (run > 0) {
        emit(sink, AC_TABLES + table, END_OF_BLOCK, 0, 0);
    }
}

/* All minimum coded units, as long as `end` leaves room for another block; whether it did. */
static int emit_scan(const struct jpeg_shape *shape, const int16_t *const components[3],
    struct sink *sink, const uint8_t *end)
{
    const size_t unit = shape->halved ? 2 * JPEG_SIDE : JPEG_SIDE;
    const size_t units_wide = jpeg_samples_wide(shape, 0) / unit;
    const size_t units_high = jpeg_samples_high(shape, 0) / unit;
    int before[JPEG_COMPONENTS] = {0};

    for (size_t index = 0; index < units_wide * units_high; index++) {
        for (size_t component = 0; component < shape->components; component++) {
            const size_t side = component == 0 && shape->halved ? 2 : 1;
            const size_t top = index / units_wide * side, left = index % units_wide * side;
            for (size_t part = 0; part < side * side; part++) {
                const int16_t *const block = components[component]
                    + ((top + part / side) * units_wide * side + left + part % side) * JPEG_BLOCK;
                if (end - sink->next < MOST_BYTES_OF_BLOCK) {
                    return 0;
                }
                emit_block(sink, component > 0, block, block[0] - before[component]);
                before[component] = block[0];
            }
        }
    }
    return 1;
}

int leanpix_jpeg_write(const struct jpeg_shape *shape, const int16_t *luma, const int16_t *blue,
    const int16_t *red, const uint16_t *codes, const uint8_t *lengths, uint8_t *scan,
    size_t capacity, size_t *written)
{
    const int16_t *const components[3] = {luma, blue, red};
    struct sink sink = {.codes = codes, .lengths = lengths, .next = scan};

    if (!emit_scan(shape, components, &sink, scan + capacity)) {
        return LEANPIX_NO_ROOM;
    }
    if (sink.pending > 0) {
        put_bits(&sink, 0x7F, 8 - sink.pending); /* the last byte is filled with ones */
    }
    *written = (size_t)(sink.next - scan);
    return LEANPIX_OK;
}
