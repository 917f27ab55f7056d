/* Trains a small network: gradient descent by backprop or by layer-wise central differences.
   Every size is a macro, given on the command line of the compiler. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int sizes[] = {SIZES}, activations[] = {ACTIVATIONS}, offsets[] = {OFFSETS};
#define INLINE static inline __attribute__((always_inline))
#define WHOLE _Pragma("GCC unroll 1") /* a loop for vectors: not to be written out before it is one */
_Static_assert(LAYERS <= 3, "the loops over layers are written out");
#define OUTPUTS sizes[LAYERS]

static double weights[PARAMETERS], gradient[PARAMETERS];
static double A[LAYERS + 1][WIDEST], Z[LAYERS + 1][WIDEST], D[LAYERS + 1][WIDEST];

INLINE double activate(int kind, double z) {
    return kind == 1 ? 1 / (1 + exp(-z)) : kind == 2 ? tanh(z) : z;
}

INLINE double slope(int kind, double a) {
    return kind == 1 ? a * (1 - a) : kind == 2 ? 1 - a * a : 1;
}

INLINE void layer(int at, const double *in, double *z, double *out) {
    const int n = sizes[at], units = sizes[at + 1];
    const double *W = weights + offsets[at], *b = W + units * n;
    for (int i = 0; i < units; i++) {
        double sum = b[i];
        for (int j = 0; j < n; j++) sum += W[i * n + j] * in[j];
        z[i] = sum;
    }
    WHOLE
    for (int i = 0; i < units; i++) out[i] = activate(activations[at], z[i]);
}

INLINE void forward(const double *x) {
    memcpy(A[0], x, sizeof(double) * sizes[0]);
    layer(0, A[0], Z[1], A[1]);
    if (LAYERS > 1) layer(1, A[1], Z[2], A[2]);
    if (LAYERS > 2) layer(2, A[2], Z[3], A[3]);
}

/* Takes the gradient of a layer's z from D and passes it on to the layer below. */
INLINE void back(int at) {
    const int n = sizes[at], units = sizes[at + 1];
    double *W = weights + offsets[at], *G = BATCH == 1 ? W : gradient + offsets[at];
    const double step = BATCH == 1 ? -RATE : 1;
    if (at > 0) {
        double sums[WIDEST] = {0};
        for (int i = 0; i < units; i++)
            for (int j = 0; j < n; j++) sums[j] += W[i * n + j] * D[at + 1][i];
        for (int j = 0; j < n; j++) D[at][j] = sums[j] * slope(activations[at - 1], A[at][j]);
    }
    for (int i = 0; i < units; i++) {
        for (int j = 0; j < n; j++) G[i * n + j] += step * D[at + 1][i] * A[at][j];
        G[units * n + i] += step * D[at + 1][i];
    }
}

/* Adds what a row contributes to the gradient; with a batch of one it updates the weights at once. */
INLINE void backprop(const double *x, const double *y) {
    forward(x);
    for (int i = 0; i < OUTPUTS; i++) {
        double a = A[LAYERS][i];
        D[LAYERS][i] = FACTOR * (a - y[i]) * (SQUARED ? slope(activations[LAYERS - 1], a) : 1);
    }
    if (LAYERS > 2) back(2);
    if (LAYERS > 1) back(1);
    back(0);
}

/* The change of the squared error when the activation of a unit of a layer changes by `da`. */
INLINE double moved(int at, int unit, double da, const double *y) {
    double z[WIDEST], u[WIDEST], v[WIDEST], sum = 0;
    if (at == LAYERS) return da * (2 * (A[at][unit] - y[unit]) + da);
    const int n = sizes[at], units = sizes[at + 1];
    const double *W = weights + offsets[at];
    for (int i = 0; i < units; i++) z[i] = Z[at + 1][i] + W[i * n + unit] * da;
    WHOLE
    for (int i = 0; i < units; i++) u[i] = activate(activations[at], z[i]);
    const double *top = u;
    if (at + 1 < LAYERS) {
        layer(at + 1, u, z, v);
        top = v;
    }
    for (int i = 0; i < OUTPUTS; i++) sum += (top[i] - A[LAYERS][i]) * (top[i] + A[LAYERS][i] - 2 * y[i]);
    return sum;
}

/* Adds what a row contributes to a layer's differences: a weight moves one unit, and that the layers above. */
INLINE void differ(int at, const double *y) {
    const int n = sizes[at], units = sizes[at + 1], kind = activations[at];
    double *G = gradient + offsets[at];
    for (int i = 0; i < units; i++) {
        const double z = Z[at + 1][i], a = A[at + 1][i];
        double up[WIDEST + 1], down[WIDEST + 1];
        WHOLE
        for (int j = 0; j <= n; j++) {
            double move = EPSILON * (j < n ? A[at][j] : 1);
            up[j] = activate(kind, z + move) - a;
            down[j] = activate(kind, z - move) - a;
        }
        for (int j = 0; j <= n; j++) {
            double change = moved(at + 1, i, up[j], y) - moved(at + 1, i, down[j], y);
            G[j < n ? i * n + j : units * n + i] += change / (2 * EPSILON);
        }
    }
}

INLINE void differences(const double *x, const double *y) {
    forward(x);
    differ(0, y);
    if (LAYERS > 1) differ(1, y);
    if (LAYERS > 2) differ(2, y);
}

int main(int count, char **words) {
    const int inputs = sizes[0], outputs = OUTPUTS;
    double *X = malloc(sizeof(double) * ROWS * inputs), *Y = malloc(sizeof(double) * ROWS * outputs);
    int *orders = malloc(sizeof(int) * (size_t)EPOCHS * ROWS);
    FILE *in = fopen(words[1], "rb");
    size_t found = fread(weights, sizeof(double), PARAMETERS, in);
    found += fread(X, sizeof(double), (size_t)ROWS * inputs, in);
    found += fread(Y, sizeof(double), (size_t)ROWS * outputs, in);
    found += fread(orders, sizeof(int), (size_t)EPOCHS * ROWS, in);
    fclose(in);
    if (count < 3 || found != PARAMETERS + (size_t)ROWS * (inputs + outputs) + (size_t)EPOCHS * ROWS) return 1;
    struct timespec began, ended;
    clock_gettime(CLOCK_MONOTONIC, &began);
    for (int epoch = 0; epoch < EPOCHS; epoch++)
        for (int first = 0; first < ROWS; first += BATCH) {
            if (BATCH > 1) memset(gradient, 0, sizeof gradient);
            for (int at = first; at < first + BATCH && at < ROWS; at++) {
                const int row = orders[(size_t)epoch * ROWS + at];
                if (DIFFERENCES)
                    differences(X + row * inputs, Y + row * outputs);
                else
                    backprop(X + row * inputs, Y + row * outputs);
            }
            if (BATCH > 1)
                for (int p = 0; p < PARAMETERS; p++) weights[p] -= RATE * gradient[p];
        }
    clock_gettime(CLOCK_MONOTONIC, &ended);
    printf("%.9f\n", (ended.tv_sec - began.tv_sec) + (ended.tv_nsec - began.tv_nsec) * 1e-9);
    FILE *out = fopen(words[2], "wb");
    fwrite(weights, sizeof(double), PARAMETERS, out);
    fclose(out);
    return 0;
}
