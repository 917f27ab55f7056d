"""Backprop in plain Python: lists of numbers, one row at a time, weights (units, inputs)."""

import math


def sigmoid(z):
    return 1 / (1 + math.exp(-z))


def layer_output(x, weights, biases):
    return [
        sigmoid(sum(w * u for w, u in zip(row, x, strict=True)) + c)
        for row, c in zip(weights, biases, strict=True)
    ]


def forward(x, W, b):
    for weights, biases in zip(W, b, strict=True):
        x = layer_output(x, weights, biases)
    return x


def backward(x, y, W, b):
    hidden = layer_output(x, W[0], b[0])
    output = layer_output(hidden, W[1], b[1])
    delta_out = []
    for o, t in zip(output, y, strict=True):
        delta_out.append(2 * (o - t) / len(y) * o * (1 - o))
    delta_hidden = []
    for j, h in enumerate(hidden):
        error = 0
        for k, d in enumerate(delta_out):
            error += d * W[1][k][j]
        delta_hidden.append(error * h * (1 - h))
    dW_hidden = [[d * u for u in x] for d in delta_hidden]
    dW_out = [[d * h for h in hidden] for d in delta_out]
    return [dW_hidden, dW_out], [delta_hidden, delta_out]
