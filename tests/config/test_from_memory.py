"""Configs that users of other tools write from memory lead to valid ones by following the messages."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from nncli.config import Config, load_config
from nncli.messages.errors import ConfigError
from nncli.training.experiment import build

HOUSES = "size,rooms,price\n" + "".join(f"{i / 10},{i % 5},{(i / 10 + i % 5) / 7:.4f}\n" for i in range(40))
CHURN = "age,plan,churned\n" + "".join(f"{i},{'ab'[i % 2]},{'yes' if i % 3 else 'no'}\n" for i in range(40))


class Meant(NamedTuple):
    """What the config is to describe."""

    loss: str
    activations: list[str]
    optimizer: str
    learning_rate: float
    epochs: int


class Correction(NamedTuple):
    """Part of a message, and the change that it asks for."""

    message: str
    old: str
    new: str


class Draft(NamedTuple):
    """A config as typed, the corrections after each `check`, and what is meant."""

    text: str
    rounds: list[list[Correction]]
    meant: Meant


DRAFTS: dict[str, Draft] = {
    "Keras: a price": Draft(
        """\
data: houses.csv
model:
  layers:
    - {units: 64, activation: relu}
    - {units: 1, activation: linear}
optimizer: {name: Adam, lr: 0.001}
loss: mean_squared_error
epochs: 50
""",
        [
            [
                Correction("did you mean dataset?", "data:", "dataset:"),
                Correction("did you mean network?", "model:", "network:"),
                Correction("did you mean learning_rate?", "lr:", "learning_rate:"),
                Correction("did you mean mse?", "loss: mean_squared_error", "loss: mse"),
                Correction("move it to training.epochs", "epochs: 50", "training: {epochs: 50}"),
            ],
            [
                Correction(
                    "to use a file, write dataset: {path: FILE.csv, targets: [COLUMN]}",
                    "dataset: houses.csv",
                    "dataset: {path: houses.csv, targets: [price]}",
                ),
                Correction("did you mean identity?", "activation: linear", "activation: identity"),
            ],
        ],
        Meant("mse", ["relu", "identity"], "adam", 0.001, 50),
    ),
    "Keras: three species": Draft(
        """\
dataset: iris
network:
  layers:
    - {type: Dense, units: 16, activation: relu}
    - {type: Dense, units: 3, activation: softmax}
optimizer: adam
loss: sparse_categorical_crossentropy
metrics: [acc]
""",
        [
            [
                Correction("layers are always dense", "{type: Dense, units: 16", "{units: 16"),
                Correction("layers are always dense", "{type: Dense, units: 3", "{units: 3"),
                Correction(
                    "did you mean cross_entropy?",
                    "loss: sparse_categorical_crossentropy",
                    "loss: cross_entropy",
                ),
                Correction("did you mean accuracy?", "[acc]", "[accuracy]"),
            ],
        ],
        Meant("cross_entropy", ["relu", "softmax"], "adam", 0.001, 1000),
    ),
    "Keras: who leaves": Draft(
        """\
dataset: {path: churn.csv, target: churned}
network: {hidden: [16], activation: relu}
loss: binary_crossentropy
metrics: accuracy
optimizer: {class_name: Adam, learning_rate: 0.01}
training: {epochs: 20}
""",
        [
            [
                Correction("did you mean targets?", "target:", "targets:"),
                Correction(
                    "did you mean binary_cross_entropy?",
                    "loss: binary_crossentropy",
                    "loss: binary_cross_entropy",
                ),
                Correction("did you mean name?", "class_name:", "name:"),
            ],
        ],
        Meant("binary_cross_entropy", ["relu", "sigmoid"], "adam", 0.01, 20),
    ),
    "PyTorch: a price": Draft(
        """\
dataset: {path: houses.csv, targets: price}
network: {hidden: [32, 32], activation: ReLU}
criterion: MSELoss
optimizer: {type: SGD, lr: 0.01, momentum: 0.9}
training: {num_epochs: 30}
""",
        [
            [
                Correction("did you mean loss?", "criterion:", "loss:"),
                Correction("did you mean name?", "type:", "name:"),
                Correction("did you mean epochs?", "num_epochs:", "epochs:"),
            ],
            [
                Correction("did you mean learning_rate?", "lr:", "learning_rate:"),
                Correction("did you mean mse?", "loss: MSELoss", "loss: mse"),
            ],
        ],
        Meant("mse", ["relu", "relu", "identity"], "sgd", 0.01, 30),
    ),
    "PyTorch: three species": Draft(
        """\
dataset: iris
network: {hidden_sizes: [16], activation: Tanh}
loss: CrossEntropyLoss
optim: AdamW
training: {epochs: 30, batch_size: 16}
""",
        [
            [
                Correction("did you mean hidden?", "hidden_sizes:", "hidden:"),
                Correction("did you mean cross_entropy?", "loss: CrossEntropyLoss", "loss: cross_entropy"),
                Correction("did you mean optimizer?", "optim:", "optimizer:"),
            ],
        ],
        Meant("cross_entropy", ["tanh", "softmax"], "adamw", 0.001, 30),
    ),
    "scikit-learn: a price": Draft(
        """\
dataset: {path: houses.csv, targets: price}
hidden_layer_sizes: [100]
network: {activation: logistic}
optimizer: {learning_rate_init: 0.01}
training: {max_iter: 200}
""",
        [
            [
                Correction("move it to network.hidden", "hidden_layer_sizes: [100]\n", ""),
                Correction(
                    "did you mean sigmoid?", "{activation: logistic}", "{hidden: [100], activation: sigmoid}"
                ),
                Correction("did you mean learning_rate?", "learning_rate_init:", "learning_rate:"),
                Correction("did you mean epochs?", "max_iter:", "epochs:"),
            ],
        ],
        Meant("mse", ["sigmoid", "identity"], "sgd", 0.01, 200),
    ),
    "scikit-learn: three species": Draft(
        """\
dataset: iris
network: {hidden_layer_sizes: 8, activation: tanh}
solver: adam
training: {max_iter: 200, early_stopping: true}
""",
        [
            [
                Correction("did you mean hidden?", "hidden_layer_sizes:", "hidden:"),
                Correction("did you mean optimizer?", "solver:", "optimizer:"),
                Correction("did you mean epochs?", "max_iter:", "epochs:"),
            ],
        ],
        Meant("cross_entropy", ["tanh", "softmax"], "adam", 0.001, 200),
    ),
    "Ludwig: who leaves": Draft(
        """\
dataset: {path: churn.csv, input_features: [age, plan], output_features: churned}
network: {hidden: 8}
trainer: {epochs: 10, learning_rate: 0.001}
""",
        [
            [
                Correction("did you mean inputs?", "input_features:", "inputs:"),
                Correction("did you mean targets?", "output_features:", "targets:"),
                Correction("did you mean training?", "trainer:", "training:"),
            ],
            [
                Correction(
                    "move it to optimizer.learning_rate",
                    ", learning_rate: 0.001}",
                    "}\noptimizer: {learning_rate: 0.001}",
                ),
            ],
        ],
        Meant("binary_cross_entropy", ["relu", "sigmoid"], "sgd", 0.001, 10),
    ),
    "Ludwig: a price": Draft(
        """\
input_features: [size, rooms]
output_features: [price]
dataset: houses.csv
network: {hidden: [8]}
""",
        [
            [
                Correction("dataset.inputs", "input_features: [size, rooms]\n", ""),
                Correction("dataset.targets", "output_features: [price]\n", ""),
                Correction(
                    "write dataset: {path: FILE.csv, targets: [COLUMN]}",
                    "dataset: houses.csv",
                    "dataset: {path: houses.csv, inputs: [size, rooms], targets: [price]}",
                ),
            ],
        ],
        Meant("mse", ["relu", "identity"], "sgd", 0.1, 1000),
    ),
    "Keras: numbers of units": Draft(
        """\
dataset: {path: churn.csv, targets: churned}
network: {layers: [8, 1], activation: relu}
optimizer: rmsprop
learning_rate: 0.01
""",
        [
            [
                Correction("write hidden: [8] instead of layers", "layers: [8, 1]", "hidden: [8]"),
                Correction(
                    "move it to optimizer.learning_rate",
                    "optimizer: rmsprop\nlearning_rate: 0.01",
                    "optimizer: {name: rmsprop, learning_rate: 0.01}",
                ),
            ],
        ],
        Meant("binary_cross_entropy", ["relu", "sigmoid"], "rmsprop", 0.01, 1000),
    ),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_the_messages_lead_to_what_is_meant(name: str, tmp_path: Path) -> None:
    text, rounds, meant = DRAFTS[name]
    (tmp_path / "houses.csv").write_text(HOUSES)
    (tmp_path / "churn.csv").write_text(CHURN)
    assert len(rounds) <= 2
    for corrections in rounds:
        found = messages(tmp_path, text)
        assert len(found) == len(corrections), found
        for correction in corrections:
            assert any(correction.message in message for message in found), found
            assert text.count(correction.old) >= 1
            text = text.replace(correction.old, correction.new, 1)
    assert described(checked(tmp_path, text)) == meant


def checked(folder: Path, text: str) -> Config:
    file = folder / "c.yaml"
    file.write_text(text)
    return build(load_config(file)).config


def messages(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        checked(folder, text)
    return [f"{error.message} {error.hint}" for error in (caught.value, *caught.value.others)]


def described(config: Config) -> Meant:
    return Meant(
        config.loss.name,
        [layer.activation.name for layer in config.network.layers],
        config.optimizer.name,
        config.optimizer.options()["learning_rate"],
        config.training.epochs,
    )
