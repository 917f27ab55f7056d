"""Backprop with row vectors: X (n, inputs), weights (units, inputs)."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X, W, b):
    return states(X, W, b)[-1]


def states(X, W, b):
    a = [X]
    for w, c in zip(W, b, strict=True):
        a.append(sigmoid(a[-1] @ w.T + c))
    return a


def loss(A, Y):
    return np.mean((A - Y) ** 2)


def backward(X, Y, W, b):
    a = states(X, W, b)
    dA = 2 * (a[-1] - Y) / Y.size
    dW, db = [], []
    for layer in reversed(range(len(W))):
        dZ = dA * a[layer + 1] * (1 - a[layer + 1])
        dW.insert(0, dZ.T @ a[layer])
        db.insert(0, dZ.sum(axis=0))
        dA = dZ @ W[layer]
    return dW, db
