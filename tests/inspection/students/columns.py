"""Backprop with column vectors: X (inputs, n), biases (units, 1), as in many lectures."""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def sigmoid_derivative(z):
    return sigmoid(z) * (1 - sigmoid(z))


def forward(X, W, b):
    hidden = sigmoid(np.dot(W[0], X) + b[0])
    return sigmoid(np.dot(W[1], hidden) + b[1])


def backward(X, Y, W, b):
    n_terms = Y.shape[0] * Y.shape[1]
    z1 = np.dot(W[0], X) + b[0]
    a1 = sigmoid(z1)
    z2 = np.dot(W[1], a1) + b[1]
    a2 = sigmoid(z2)
    delta2 = 2 * (a2 - Y) / n_terms * sigmoid_derivative(z2)
    delta1 = np.dot(W[1].T, delta2) * sigmoid_derivative(z1)
    dW = [np.dot(delta1, X.T), np.dot(delta2, a1.T)]
    db = [delta1.sum(axis=1, keepdims=True), delta2.sum(axis=1, keepdims=True)]
    return dW, db
