from __future__ import annotations

import numpy as np

from nncli.data.columns import Columns
from nncli.data.preprocessing import Preprocessing
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.network import Layer, Network
from nncli.training.model import BLOCK, Model


def test_outputs_of_many_rows_are_those_of_the_whole() -> None:
    rng = np.random.default_rng(0)
    tanh, identity = ACTIVATIONS["tanh"](), ACTIVATIONS["identity"]()
    network = Network((Layer(2, 5, tanh, True), Layer(5, 2, identity, True)))
    model = Model(
        network,
        rng.normal(size=network.parameter_count),
        Columns(("a", "b"), ("c", "d"), "regression", preprocessing=Preprocessing.plain(["a", "b"])),
    )
    X = rng.normal(size=(20_000, 2))
    assert len(X) > 2 * BLOCK
    np.testing.assert_allclose(model.outputs(X), network.predict(model.parameters, X), rtol=1e-12, atol=1e-14)
