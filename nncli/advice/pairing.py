"""Combinations of task, last activation and loss that can be trained, but are rarely intended."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nncli.advice import symptoms
from nncli.config.document import Mistake
from nncli.messages.wording import counted
from nncli.training.experiment import Experiment

PROBABILITIES = {
    "binary": "set activation: sigmoid, with loss: binary_cross_entropy",
    "multiclass": "set activation: softmax, with loss: cross_entropy",
    "multilabel": "set activation: sigmoid, with loss: binary_cross_entropy",
}


def oddities(experiment: Experiment) -> list[Mistake]:
    """Return what to check before training, each at its place in the config."""
    return [found for rule in RULES if (found := rule(experiment))]


def _single_softmax(experiment: Experiment) -> Mistake | None:
    if _output(experiment) != "softmax" or experiment.network.outputs > 1:
        return None
    return _of_activation(
        experiment,
        "softmax over a single unit is always 1, so nothing can be learned",
        "set activation: sigmoid, with loss: binary_cross_entropy, or use one unit per class",
    )


def _no_probabilities(experiment: Experiment) -> Mistake | None:
    output, task = _output(experiment), experiment.rows.training.columns.task
    if task == "regression" or output in ("sigmoid", "softmax"):
        return None
    words = f"{output} outputs are used as class probabilities, but may lie outside 0 to 1"
    return _of_activation(experiment, words, PROBABILITIES[task])


def _independent_classes(experiment: Experiment) -> Mistake | None:
    columns = experiment.rows.training.columns
    if _output(experiment) != "sigmoid" or columns.task != "multiclass" or not columns.labelled:
        return None
    sigmoids = counted(columns.outputs, "sigmoid")
    words = f"{sigmoids} are independent outputs, but each row has exactly one class"
    return _of_activation(experiment, words, PROBABILITIES["multiclass"])


def _slow_softmax(experiment: Experiment) -> Mistake | None:
    loss = experiment.recipe.loss
    if _output(experiment) != "softmax" or loss.link:
        return None
    return Mistake(
        ("loss",),
        f"the gradient of {loss.name} vanishes where softmax is confidently wrong",
        "set loss: cross_entropy, whose gradient does not vanish",
    )


def _sums(experiment: Experiment) -> Mistake | None:
    if _output(experiment) != "softmax" or experiment.rows.training.columns.task == "multilabel":
        return None
    rows = int((np.abs(experiment.rows.training.Y.sum(axis=1) - 1.0) > 1e-6).sum())
    words = f"softmax outputs sum to 1 in each row, but the targets of {counted(rows, 'row')} do not"
    return (
        _of_activation(experiment, words, "set activation: sigmoid or identity, with loss: mse")
        if rows
        else None
    )


def _competing_labels(experiment: Experiment) -> Mistake | None:
    if _output(experiment) != "softmax" or experiment.rows.training.columns.task != "multilabel":
        return None
    words = "softmax outputs sum to 1 in each row, but a row may have any number of labels"
    return _of_activation(experiment, words, PROBABILITIES["multilabel"])


def _out_of_reach(experiment: Experiment) -> Mistake | None:
    words = symptoms.out_of_reach(experiment)
    hint = "set activation: identity, or scale_targets: minmax in dataset.preprocessing"
    return _of_activation(experiment, words, hint) if words else None


def _linear_layers(experiment: Experiment) -> Mistake | None:
    *hidden, _ = experiment.config.network.layers
    linear = all(layer.activation.name == "identity" for layer in hidden)
    unset = [index for index, layer in enumerate(hidden) if "activation" not in layer.model_fields_set]
    if not linear or not unset:
        return None
    words = "hidden layers without activation make the network linear"
    return Mistake(("network", "layers", unset[0]), words, "add activation: tanh or activation: relu")


def _output(experiment: Experiment) -> str:
    return experiment.network.output_activation.name


def _of_activation(experiment: Experiment, message: str, hint: str) -> Mistake:
    return Mistake(("network", "layers", len(experiment.network.layers) - 1, "activation"), message, hint)


def _broken_engine(experiment: Experiment) -> Mistake | None:
    if (broken := experiment.broken_engine) is None:
        return None
    return Mistake(
        ("training", "engine"),
        f"{broken}; training uses {experiment.engine_name} instead",
        "upgrade it, or set engine to choose another",
    )


RULES: list[Callable[[Experiment], Mistake | None]] = [
    _single_softmax,
    _no_probabilities,
    _independent_classes,
    _slow_softmax,
    _sums,
    _competing_labels,
    _out_of_reach,
    _linear_layers,
    _broken_engine,
]
