"""Backprop with weights (inputs, units), tanh and softmax, for classes."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def forward(X, W, b):
    for w, c in zip(W[:-1], b[:-1], strict=True):
        X = np.tanh(X @ w + c)
    return softmax(X @ W[-1] + b[-1])


def backward(X, Y, W, b):
    inputs = [X]
    for w, c in zip(W[:-1], b[:-1], strict=True):
        inputs.append(np.tanh(inputs[-1] @ w + c))
    output = softmax(inputs[-1] @ W[-1] + b[-1])
    dZ = (output - Y) / len(X)
    dW, db = [None] * len(W), [None] * len(b)
    for layer in range(len(W) - 1, -1, -1):
        a = inputs[layer]
        dW[layer] = a.T @ dZ
        db[layer] = dZ.sum(axis=0)
        if layer > 0:
            dZ = (dZ @ W[layer].T) * (1 - a**2)
    return dW, db
