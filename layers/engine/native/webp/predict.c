#include "webp/predict.h"

#include <string.h>

static inline uint8_t clamp(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static uint8_t mean_of_edges(
    const uint8_t *place, size_t stride, size_t side, int has_above, int has_left)
{
    unsigned sum = 0, count = 0;

    if (has_above) {
        for (size_t x = 0; x < side; x++) {
            sum += (place - stride)[x];
        }
        count += (unsigned)side;
    }
    if (has_left) {
        for (size_t y = 0; y < side; y++) {
            sum += (place + y * stride)[-1];
        }
        count += (unsigned)side;
    }
    return count == 0 ? 128 : (uint8_t)((sum + count / 2) / count);
}

static void predict_true_motion(
    const uint8_t *place, size_t stride, size_t side, uint8_t *restrict prediction)
{
    const uint8_t *const above = place - stride;
    const int corner = above[-1];

    for (size_t y = 0; y < side; y++) {
        const int left = (place + y * stride)[-1] - corner;
        for (size_t x = 0; x < side; x++) {
            prediction[y * side + x] = clamp(left + above[x]);
        }
    }
}

void vp8_predict_square(const uint8_t *place, size_t stride, size_t side, int mode, int has_above,
    int has_left, uint8_t *prediction)
{
    if (mode == VP8_DC) {
        memset(prediction, mean_of_edges(place, stride, side, has_above, has_left), side * side);
    } else if (mode == VP8_TRUE_MOTION) {
        predict_true_motion(place, stride, side, prediction);
    } else {
        for (size_t y = 0; y < side; y++) {
            if (mode == VP8_VERTICAL) {
                memcpy(prediction + y * side, place - stride, side);
            } else {
                memset(prediction + y * side, (place + y * stride)[-1], side);
            }
        }
    }
}

/* The edge of a block as one line: from the lowest sample to the left, 0, by the corner, 4, to the
 * last above and to the right, 12. */
enum { CORNER = 4, EDGE = 13 };

static inline uint8_t mean_of_two(const uint8_t *edge, int at)
{
    return (uint8_t)((edge[at] + edge[at + 1] + 1) >> 1);
}

/* Around the sample in the middle. */
static inline uint8_t mean_of_three(const uint8_t *edge, int at)
{
    return (uint8_t)((edge[at - 1] + 2 * edge[at] + edge[at + 1] + 2) >> 2);
}

static void predict_plainly(const uint8_t *edge, vp8_block_predictions predictions)
{
    const uint8_t *const above = edge + CORNER + 1;
    int sum = 4;

    for (int i = 0; i < 4; i++) {
        sum += edge[i] + above[i];
    }
    for (int y = 0; y < 4; y++) {
        const int left = edge[CORNER - 1 - y];
        const uint8_t level = y < 3 ? mean_of_three(edge, CORNER - 1 - y)
                                    : (uint8_t)((edge[1] + 3 * edge[0] + 2) >> 2);
        for (int x = 0; x < 4; x++) {
            uint8_t *const sample = predictions[4 * y + x];
            sample[VP8_B_DC] = (uint8_t)(sum >> 3);
            sample[VP8_B_TRUE_MOTION] = clamp(left + above[x] - edge[CORNER]);
            sample[VP8_B_VERTICAL] = mean_of_three(edge, CORNER + 1 + x);
            sample[VP8_B_HORIZONTAL] = level;
        }
    }
}

/* Along lines from the upper left, and from the upper right. */
static void predict_diagonally(const uint8_t *edge, vp8_block_predictions predictions)
{
    for (int y = 0; y < 4; y++) {
        for (int x = 0; x < 4; x++) {
            uint8_t *const sample = predictions[4 * y + x];
            const int from_above = CORNER + 2 + x + y;
            sample[VP8_B_RIGHT_DOWN] = mean_of_three(edge, CORNER + x - y);
            sample[VP8_B_LEFT_DOWN] = x + y < 6
                ? mean_of_three(edge, from_above)
                : (uint8_t)((edge[EDGE - 2] + 3 * edge[EDGE - 1] + 2) >> 2);
        }
    }
}

/* Steeper and flatter than diagonally, from the upper left: each second line is a mean of two. */
static void predict_to_the_right(const uint8_t *edge, vp8_block_predictions predictions)
{
    for (int y = 0; y < 4; y++) {
        for (int x = 0; x < 4; x++) {
            uint8_t *const sample = predictions[4 * y + x];
            const int steep = 2 * x - y, flat = 2 * y - x;
            sample[VP8_B_VERTICAL_RIGHT] = steep < -1 ? mean_of_three(edge, CORNER + steep + 1)
                : steep % 2 != 0 ? mean_of_three(edge, CORNER + (steep + 1) / 2)
                                 : mean_of_two(edge, CORNER + steep / 2);
            sample[VP8_B_HORIZONTAL_DOWN] = flat < -1 ? mean_of_three(edge, CORNER - flat - 1)
                : flat % 2 != 0 ? mean_of_three(edge, CORNER - (flat + 1) / 2)
                                : mean_of_two(edge, CORNER - 1 - flat / 2);
        }
    }
}

static void predict_to_the_left(const uint8_t *edge, vp8_block_predictions predictions)
{
    /* Of the mode "vertical left" the last two samples break the rule (RFC 6386, 12.3). */
    static const uint8_t steep[VP8_BLOCK] = {0, 2, 4, 6, 1, 3, 5, 7, 2, 4, 6, 8, 3, 5, 7, 9};
    const uint8_t *const above = edge + CORNER + 1;

    for (int i = 0; i < VP8_BLOCK; i++) {
        const int line = steep[i], flat = 2 * (i / 4) + i % 4;
        predictions[i][VP8_B_VERTICAL_LEFT] = line == 8 ? mean_of_three(above, 5)
            : line == 9                                 ? mean_of_three(above, 6)
            : line % 2 != 0                             ? mean_of_three(above, line / 2 + 1)
                                                        : mean_of_two(above, line / 2);
        predictions[i][VP8_B_HORIZONTAL_UP] = flat > 5 ? edge[0]
            : flat == 5                                ? (uint8_t)((edge[1] + 3 * edge[0] + 2) >> 2)
            : flat % 2 != 0                            ? mean_of_three(edge, 2 - flat / 2)
                                                       : mean_of_two(edge, 2 - flat / 2);
    }
}

void vp8_predict_block(
    const uint8_t *place, size_t stride, const uint8_t *after, vp8_block_predictions predictions)
{
    const uint8_t *const above = place - stride;
    uint8_t edge[EDGE];

    for (size_t i = 0; i < 4; i++) {
        edge[CORNER - 1 - i] = (place + i * stride)[-1];
        edge[CORNER + 1 + i] = above[i];
        edge[CORNER + 5 + i] = after[i];
    }
    edge[CORNER] = above[-1];
    predict_plainly(edge, predictions);
    predict_diagonally(edge, predictions);
    predict_to_the_right(edge, predictions);
    predict_to_the_left(edge, predictions);
}
