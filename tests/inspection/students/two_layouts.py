"""A program that takes the hidden weights with a column, and the output weights with a row for each unit."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def forward(x, W):
    hidden = sigmoid(np.dot(x, W[0]))
    return sigmoid(np.dot(W[1], hidden))


def backward(x, t, W):
    hidden = sigmoid(np.dot(x, W[0]))
    output = sigmoid(np.dot(W[1], hidden))
    signal = (output - t) * output * (1 - output)
    hidden_signal = np.dot(signal, W[1]) * hidden * (1 - hidden)
    return [np.outer(x, hidden_signal), np.outer(signal, hidden)]
