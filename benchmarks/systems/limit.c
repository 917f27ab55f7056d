/* Trains a small network: gradient descent by backprop or by layer-wise central differences.
   Every size is a macro, given on the command line of the compiler. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int sizes[] = {SIZES}, activations[] = {ACTIVATIONS};
#define EACH_LAYER _Pragma("GCC unroll 8")
#define OUTPUTS sizes[LAYERS]

static double weights[PARAMETERS], gradient[PARAMETERS];
static double A[LAYERS + 1][WIDEST], Z[LAYERS + 1][WIDEST], D[LAYERS + 1][WIDEST];

static inline double activate(int kind, double z) {
    return kind == 1 ? 1 / (1 + exp(-z)) : kind == 2 ? tanh(z) : z;
}

static inline double slope(int kind, double a) {
    return kind == 1 ? a * (1 - a) : kind == 2 ? 1 - a * a : 1;
}

static inline void layer(int at, const double *W, const double *in, double *z, double *out) {
    const int n = sizes[at], units = sizes[at + 1];
    const double *b = W + units * n;
    for (int i = 0; i < units; i++) {
        double sum = b[i];
        for (int j = 0; j < n; j++) sum += W[i * n + j] * in[j];
        z[i] = sum;
    }
    for (int i = 0; i < units; i++) out[i] = activate(activations[at], z[i]);
}

static inline void forward(const double *x) {
    const double *W = weights;
    memcpy(A[0], x, sizeof(double) * sizes[0]);
    EACH_LAYER
    for (int at = 0; at < LAYERS; at++) {
        layer(at, W, A[at], Z[at + 1], A[at + 1]);
        W += sizes[at + 1] * (sizes[at] + 1);
    }
}

/* Adds what a row contributes to the gradient; with a batch of one it updates the weights at once. */
static inline void backprop(const double *x, const double *y) {
    forward(x);
    for (int i = 0; i < OUTPUTS; i++) {
        double a = A[LAYERS][i];
        D[LAYERS][i] = FACTOR * (a - y[i]) * (SQUARED ? slope(activations[LAYERS - 1], a) : 1);
    }
    int end = PARAMETERS;
    EACH_LAYER
    for (int at = LAYERS - 1; at >= 0; at--) {
        const int n = sizes[at], units = sizes[at + 1], start = end - units * (n + 1);
        double *W = weights + start, *G = BATCH == 1 ? W : gradient + start;
        const double step = BATCH == 1 ? -RATE : 1;
        if (at > 0)
            for (int j = 0; j < n; j++) {
                double sum = 0;
                for (int i = 0; i < units; i++) sum += W[i * n + j] * D[at + 1][i];
                D[at][j] = sum * slope(activations[at - 1], A[at][j]);
            }
        for (int i = 0; i < units; i++) {
            for (int j = 0; j < n; j++) G[i * n + j] += step * D[at + 1][i] * A[at][j];
            G[units * n + i] += step * D[at + 1][i];
        }
        end = start;
    }
}

/* The change of the squared error when the activation of a unit of a layer changes by `da`. */
static inline double moved(int at, int start, int unit, double da, const double *y) {
    double z[WIDEST], u[WIDEST], v[WIDEST], sum = 0;
    if (at == LAYERS) {
        double e = A[at][unit] - y[unit];
        return da * (2 * e + da);
    }
    const int n = sizes[at], units = sizes[at + 1];
    const double *W = weights + start;
    for (int i = 0; i < units; i++) z[i] = Z[at + 1][i] + W[i * n + unit] * da;
    for (int i = 0; i < units; i++) u[i] = activate(activations[at], z[i]);
    W += units * (n + 1);
    EACH_LAYER
    for (int next = at + 1; next < LAYERS; next++) {
        layer(next, W, u, z, v);
        memcpy(u, v, sizeof(double) * sizes[next + 1]);
        W += sizes[next + 1] * (sizes[next] + 1);
    }
    for (int i = 0; i < OUTPUTS; i++) sum += (u[i] - A[LAYERS][i]) * (u[i] + A[LAYERS][i] - 2 * y[i]);
    return sum;
}

/* Adds what a row contributes to the central differences. A weight moves one unit, and that the layers above. */
static inline void differences(const double *x, const double *y) {
    forward(x);
    int start = 0;
    EACH_LAYER
    for (int at = 0; at < LAYERS; at++) {
        const int n = sizes[at], units = sizes[at + 1], end = start + units * (n + 1), kind = activations[at];
        for (int i = 0; i < units; i++)
            for (int j = 0; j <= n; j++) {
                double move = EPSILON * (j < n ? A[at][j] : 1), z = Z[at + 1][i], a = A[at + 1][i];
                double up = moved(at + 1, end, i, activate(kind, z + move) - a, y);
                double down = moved(at + 1, end, i, activate(kind, z - move) - a, y);
                gradient[start + (j < n ? i * n + j : units * n + i)] += (up - down) / (2 * EPSILON);
            }
        start = end;
    }
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
