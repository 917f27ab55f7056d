"""A program that reports the mean squared error and descends another loss."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(X, W, b):
    hidden = sigmoid(X @ W[0].T + b[0])
    return sigmoid(hidden @ W[1].T + b[1])


def loss(A, Y):
    return np.mean((A - Y) ** 2)


def backward(X, Y, W, b):
    hidden = sigmoid(X @ W[0].T + b[0])
    output = sigmoid(hidden @ W[1].T + b[1])
    error = output - Y
    hidden_error = (error @ W[1]) * hidden * (1 - hidden)
    return [hidden_error.T @ X, error.T @ hidden], [hidden_error.sum(axis=0), error.sum(axis=0)]
