#include "metric/light.h"

#include <stdlib.h>

#include "arithmetic.h"
#include "leanpix.h"

/* IEC 61966-2-1, as numpy rounds it to floats: a table, for it is exact and no slower than a
 * polynomial while a pixel's three bytes have to be taken apart anyway. */
static const float linear_of[256] = {
    0.0F, 0.000303527F, 0.000607054F, 0.000910581F, 0.001214108F, 0.001517635F, 0.001821162F,
    0.0021246888F, 0.002428216F, 0.0027317428F, 0.00303527F, 0.0033465358F, 0.0036765074F,
    0.004024717F, 0.004391442F, 0.0047769533F, 0.0051815165F, 0.0056053917F, 0.006048833F,
    0.0065120906F, 0.00699541F, 0.007499032F, 0.008023193F, 0.008568126F, 0.009134059F,
    0.009721218F, 0.010329823F, 0.010960094F, 0.011612245F, 0.012286488F, 0.0129830325F,
    0.013702083F, 0.014443844F, 0.015208514F, 0.015996294F, 0.016807375F, 0.017641954F,
    0.01850022F, 0.019382361F, 0.020288562F, 0.02121901F, 0.022173885F, 0.023153367F,
    0.024157632F, 0.02518686F, 0.026241222F, 0.027320892F, 0.02842604F, 0.029556835F,
    0.030713445F, 0.031896032F, 0.033104766F, 0.034339808F, 0.035601314F, 0.03688945F,
    0.038204372F, 0.039546236F, 0.0409152F, 0.04231141F, 0.04373503F, 0.045186203F, 0.046665087F,
    0.048171826F, 0.049706567F, 0.051269457F, 0.052860647F, 0.054480277F, 0.05612849F,
    0.05780543F, 0.059511237F, 0.061246052F, 0.063010015F, 0.064803265F, 0.06662594F, 0.06847817F,
    0.070360094F, 0.07227185F, 0.07421357F, 0.07618538F, 0.07818742F, 0.08021982F, 0.08228271F,
    0.08437621F, 0.08650046F, 0.08865558F, 0.09084171F, 0.093058966F, 0.09530747F, 0.09758735F,
    0.099898726F, 0.10224173F, 0.104616486F, 0.107023105F, 0.10946171F, 0.11193243F, 0.114435375F,
    0.116970666F, 0.11953843F, 0.122138776F, 0.12477182F, 0.12743768F, 0.13013647F, 0.13286832F,
    0.13563333F, 0.13843161F, 0.14126329F, 0.14412847F, 0.14702727F, 0.14995979F, 0.15292615F,
    0.15592647F, 0.15896083F, 0.16202937F, 0.1651322F, 0.1682694F, 0.17144111F, 0.1746474F,
    0.17788842F, 0.18116425F, 0.18447499F, 0.18782078F, 0.19120169F, 0.19461784F, 0.19806932F,
    0.20155625F, 0.20507874F, 0.20863687F, 0.21223076F, 0.2158605F, 0.2195262F, 0.22322796F,
    0.22696587F, 0.23074006F, 0.23455058F, 0.23839757F, 0.24228112F, 0.24620132F, 0.25015828F,
    0.2541521F, 0.25818285F, 0.26225066F, 0.2663556F, 0.2704978F, 0.2746773F, 0.27889428F,
    0.28314874F, 0.28744084F, 0.29177064F, 0.29613826F, 0.30054379F, 0.3049873F, 0.30946892F,
    0.31398872F, 0.31854677F, 0.3231432F, 0.3277781F, 0.33245152F, 0.33716363F, 0.34191442F,
    0.34670407F, 0.3515326F, 0.35640013F, 0.3613068F, 0.3662526F, 0.3712377F, 0.37626213F,
    0.38132602F, 0.38642943F, 0.39157248F, 0.39675522F, 0.40197778F, 0.4072402F, 0.4125426F,
    0.41788507F, 0.42326766F, 0.4286905F, 0.43415365F, 0.43965718F, 0.4452012F, 0.4507858F,
    0.45641103F, 0.462077F, 0.4677838F, 0.47353148F, 0.47932017F, 0.48514995F, 0.49102086F,
    0.49693298F, 0.5028865F, 0.50888133F, 0.5149177F, 0.52099556F, 0.5271151F, 0.5332764F,
    0.5394795F, 0.54572445F, 0.55201143F, 0.5583404F, 0.5647115F, 0.57112485F, 0.57758045F,
    0.58407843F, 0.59061885F, 0.59720176F, 0.60382736F, 0.61049557F, 0.6172066F, 0.6239604F,
    0.63075715F, 0.63759685F, 0.6444797F, 0.65140563F, 0.65837485F, 0.6653873F, 0.67244315F,
    0.6795425F, 0.6866853F, 0.69387174F, 0.7011019F, 0.70837575F, 0.7156935F, 0.7230551F,
    0.73046076F, 0.7379104F, 0.7454042F, 0.7529422F, 0.7605245F, 0.76815116F, 0.7758222F,
    0.7835378F, 0.7912979F, 0.7991027F, 0.80695224F, 0.8148466F, 0.82278574F, 0.8307699F,
    0.838799F, 0.8468732F, 0.8549926F, 0.8631572F, 0.8713671F, 0.8796224F, 0.8879231F, 0.8962694F,
    0.9046612F, 0.91309863F, 0.92158186F, 0.9301109F, 0.9386857F, 0.9473065F, 0.9559733F,
    0.9646863F, 0.9734453F, 0.9822506F, 0.9911021F, 1.0F,
};

void light_of_row(const uint8_t *restrict rgb, size_t width, float *const rows[3])
{
    float *restrict red = rows[0];
    float *restrict green = rows[1];
    float *restrict blue = rows[2];

    for (size_t x = 0; x < width; x++) {
        red[x] = linear_of[rgb[3 * x]];
        green[x] = linear_of[rgb[3 * x + 1]];
        blue[x] = linear_of[rgb[3 * x + 2]];
    }
}

void light_halve_rows(
    const float *restrict upper, const float *restrict lower, size_t width, float *restrict half)
{
    for (size_t x = 0; x < width / 2; x++) {
        half[x] = ((upper[2 * x] + lower[2 * x]) + (upper[2 * x + 1] + lower[2 * x + 1])) * 0.25F;
    }
    if (width % 2) {
        half[width / 2] = (upper[width - 1] + lower[width - 1]) * 0.5F;
    }
}

/* One row at half the size from two rows of bytes. `full` has room for six rows. */
static void halve_bytes(
    const uint8_t *upper, const uint8_t *lower, size_t width, float *full, float *const half[3])
{
    float *const above[3] = {full, full + width, full + 2 * width};
    float *const below[3] = {full + 3 * width, full + 4 * width, full + 5 * width};

    light_of_row(upper, width, above);
    light_of_row(lower, width, below);
    for (size_t channel = 0; channel < 3; channel++) {
        light_halve_rows(above[channel], below[channel], width, half[channel]);
    }
}

int leanpix_quarter(const uint8_t *rgb, size_t height, size_t width, float *quarter)
{
    const size_t half_width = (width + 1) / 2, quarter_width = (half_width + 1) / 2;
    const size_t half_height = (height + 1) / 2, quarter_height = (half_height + 1) / 2;
    float *const full = malloc((6 * width + 6 * half_width) * sizeof *full);

    if (full == NULL) {
        return LEANPIX_OUT_OF_MEMORY;
    }
    for (size_t y = 0; y < quarter_height; y++) {
        float *half[2][3];
        for (size_t part = 0; part < 2; part++) {
            const size_t row = 2 * at_most(2 * y + part, half_height - 1);
            for (size_t channel = 0; channel < 3; channel++) {
                half[part][channel] = full + 6 * width + (3 * part + channel) * half_width;
            }
            halve_bytes(rgb + row * width * 3, rgb + at_most(row + 1, height - 1) * width * 3,
                width, full, half[part]);
        }
        for (size_t channel = 0; channel < 3; channel++) {
            light_halve_rows(half[0][channel], half[1][channel], half_width,
                quarter + (channel * quarter_height + y) * quarter_width);
        }
    }
    free(full);
    return LEANPIX_OK;
}
