"""Network: shapes of one vector, and the textbook's forward pass."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nncli.nn.activations import ACTIVATIONS
from nncli.nn.network import Layer, Network

TANH, IDENTITY = ACTIVATIONS["tanh"](), ACTIVATIONS["identity"]()
NETWORK = Network((Layer(3, 4, TANH), Layer(4, 2, TANH, bias=False), Layer(2, 1, IDENTITY)))


def test_blocks_divide_the_vector_in_order_with_the_bias_last() -> None:
    parameters = np.arange(float(NETWORK.parameter_count))
    assert NETWORK.offsets == (0, 16, 24, 27)
    assert [block.shape for block in NETWORK.blocks(parameters)] == [(4, 4), (2, 4), (1, 3)]
    W, b = NETWORK.views(parameters)[0]
    assert W.tolist() == [[0, 1, 2], [4, 5, 6], [8, 9, 10], [12, 13, 14]]
    assert b is not None
    assert b.tolist() == [3, 7, 11, 15]
    assert NETWORK.views(parameters)[1].b is None


def test_views_write_through_to_the_vector() -> None:
    parameters = np.zeros(NETWORK.parameter_count)
    for number, view in enumerate(NETWORK.views(parameters), start=1):
        view.W[...] = number
        if view.b is not None:
            view.b[...] = -number
    assert parameters.tolist() == [1, 1, 1, -1] * 4 + [2] * 8 + [3, 3, -3]


def test_flatten_undoes_views() -> None:
    parameters = np.random.default_rng(0).normal(size=NETWORK.parameter_count)
    np.testing.assert_array_equal(NETWORK.flatten(NETWORK.views(parameters)), parameters)


def test_sizes_are_those_of_the_outer_layers() -> None:
    assert (NETWORK.inputs, NETWORK.outputs, NETWORK.parameter_count) == (3, 1, 27)
    assert NETWORK.output_activation is IDENTITY


def test_forward_is_the_sum_and_the_activation_of_each_layer() -> None:
    network = Network((Layer(2, 2, TANH), Layer(2, 1, IDENTITY)))
    parameters = np.array([1.0, 2.0, 0.5, -1.0, 0.0, 0.25, 3.0, -2.0, 1.0])
    hidden, output = network.forward(parameters, np.array([[1.0, -1.0], [0.5, 2.0]]))
    # Neuron 1: x + 2y + 0.5, neuron 2: -x + 0.25; output: 3 a1 - 2 a2 + 1.
    assert hidden.Z.tolist() == [[-0.5, -0.75], [5.0, -0.25]]
    expected = [3 * math.tanh(z1) - 2 * math.tanh(z2) + 1 for z1, z2 in hidden.Z.tolist()]
    np.testing.assert_allclose(output.A[:, 0], expected, rtol=1e-15)
    np.testing.assert_array_equal(network.predict(parameters, np.array([[0.5, 2.0]]))[0], output.A[1])


def test_numbers_that_overflow_become_infinite_without_a_warning() -> None:
    network = Network((Layer(1, 1, IDENTITY, bias=False), Layer(1, 1, IDENTITY, bias=False)))
    hidden, output = network.forward(np.array([1e300, 1e300]), np.array([[1e300], [0.0]]))
    assert hidden.Z.tolist() == [[math.inf], [0.0]]
    assert output.A.tolist() == [[math.inf], [0.0]]


def test_layers_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="4 units cannot feed 3 inputs"):
        Network((Layer(2, 4, TANH), Layer(3, 1, IDENTITY)))
