"""Many parameter vectors measured at once give, to the last bit, the numbers of each by itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.losses import LOSSES
from nncli.nn.metrics import LABEL_METRICS, METRICS
from nncli.nn.network import Layer, Network

HIDDEN = sorted(set(ACTIVATIONS) - {"softmax"})


def network(hidden: str, output: str, inputs: int, units: int, outputs: int) -> Network:
    first = Layer(inputs, units, ACTIVATIONS[hidden](), l1=0.01, l2=0.02)
    return Network((first, Layer(units, outputs, ACTIVATIONS[output](), bias=units % 2 == 0)))


def assert_same(stacked: Array, single: list[Array]) -> None:
    np.testing.assert_array_equal(stacked, np.array(single))


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("hidden", HIDDEN)
@given(
    seed=st.integers(0, 2**32 - 1),
    sizes=st.tuples(*[st.integers(1, 9)] * 3),
    rows=st.sampled_from([1, 2, 3, 4, 7, 40, 300]),
    stack=st.sampled_from([1, 2, 3, 5, 17]),
)
def test_outputs_and_losses(
    hidden: str, dtype: type, seed: int, sizes: tuple[int, int, int], rows: int, stack: int
) -> None:
    rng = np.random.default_rng(seed)
    for make in LOSSES.values():
        loss = make()
        net = network(hidden, loss.link or "identity", *sizes)
        parameters = rng.normal(size=(stack, net.parameter_count)).astype(dtype)
        X = rng.normal(size=(rows, net.inputs)).astype(dtype)
        Y = rng.uniform(size=(rows, net.outputs)).astype(dtype)
        output = net.forward(parameters, X)[-1]
        one_by_one = [net.forward(each, X)[-1] for each in parameters]
        assert_same(output.A, [each.A for each in one_by_one])
        assert_same(loss.value(*output, Y), [loss.value(*each, Y) for each in one_by_one])
        assert_same(net.cost(parameters), [net.cost(each) for each in parameters])


@pytest.mark.parametrize("outputs", [1, 2, 5])
@pytest.mark.parametrize("name", METRICS)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.sampled_from([1, 2, 3, 7, 40, 300]),
    stack=st.sampled_from([1, 2, 3, 17]),
)
def test_metrics(name: str, outputs: int, seed: int, rows: int, stack: int) -> None:
    rng = np.random.default_rng(seed)
    A = rng.uniform(-0.001, 1, size=(stack, rows, outputs))
    labels = rng.integers(0, 2, size=(rows, outputs)).astype(float)
    classes = np.eye(outputs)[rng.integers(0, outputs, rows)] if outputs > 1 else labels
    for metric, Y in ((METRICS[name], classes), (LABEL_METRICS[name], labels)):
        assert_same(metric.each(A, Y), [np.array(metric(each, Y)) for each in A])
