"""Random valid configs, as a person could have written them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from nncli.nn.activations import ACTIVATIONS
from nncli.nn.optimizers import OPTIMIZERS

Values = dict[str, Any]

numbers = st.floats(-3, 3, allow_nan=False).map(lambda value: round(value, 6))
positive = st.floats(1e-9, 1.0)
names = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=("Cs",)), min_size=1, max_size=20
)


def entry(name: str, **options: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A choice written out, with some of its options."""
    return st.fixed_dictionaries({"name": st.just(name)}, optional=options)


def complete(name: str, **options: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A choice with all of its options."""
    return st.fixed_dictionaries({"name": st.just(name), **options})


weight_inits = st.one_of(
    st.sampled_from(["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "zeros", "normal"]),
    entry("normal", mean=numbers, std=positive),
    complete("uniform", low=st.floats(-2, 0), high=st.floats(0, 2)),
    complete("constant", value=numbers),
)
bias_inits = st.one_of(st.just("zeros"), entry("normal", std=positive), complete("constant", value=numbers))
activations = st.one_of(
    st.sampled_from([name for name in ACTIVATIONS if name != "softmax"]),
    entry("leaky_relu", slope=numbers),
    entry("elu", alpha=positive),
)
schedules = st.one_of(
    st.just("constant"),
    complete("cosine", over=st.integers(1, 9), warmup=st.integers(0, 3)),
    complete("step", every=st.integers(1, 3), gamma=st.floats(0, 0.9)),
    complete("exponential", gamma=st.floats(0, 0.9)),
)
optimizers = st.one_of(
    st.sampled_from(list(OPTIMIZERS)),
    entry("adagrad", schedule=schedules),
    entry("rmsprop", clip_norm=positive),
    complete("sgd", learning_rate=positive, momentum=st.floats(0.1, 0.9), nesterov=st.booleans()),
    entry("adam", learning_rate=positive, beta1=st.floats(0, 0.9), epsilon=positive),
)
losses = st.one_of(
    st.sampled_from(["mse", "mae", "huber", "squared_error", "half_squared_error"]),
    entry("mse", reduction=st.sampled_from(["mean", "sum"])),
    entry("huber", delta=positive),
)
gradients = st.one_of(
    st.sampled_from(["backprop", "finite_difference"]),
    entry("finite_difference", scheme=st.sampled_from(["central", "forward"]), epsilon=st.just(1e-6)),
)
seeds = st.integers(0, 2**63 - 1)
trainings = st.fixed_dictionaries(
    {"epochs": st.integers(0, 4)},
    optional={
        "batch_size": st.one_of(st.just("full"), st.integers(1, 20)),
        "shuffle": st.booleans(),
        "log_every": st.sampled_from([1, "10%", "100%"]),
        "engine": st.sampled_from(["auto", "numpy"]),
    },
)
records = st.fixed_dictionaries(
    {},
    optional={
        "history": st.sampled_from(["auto", "all"]),
        "weights": st.sampled_from(["auto", "all", "none"]),
    },
)


@st.composite
def functions(draw: st.DrawFn) -> tuple[Values, int]:
    inputs = draw(st.lists(st.sampled_from(["q1", "q2", "größe", "x"]), min_size=1, max_size=3, unique=True))
    formulas = st.sampled_from(["{0} + 1", "2*{0}**2 - {0}/3", "where({0} > 0, 1, exp({0}))"])
    targets = {name: draw(formulas).format(inputs[0]) for name in ["y", "z"][: draw(st.integers(1, 2))]}
    function = {
        "inputs": {name: [draw(st.integers(-2, 0)), draw(st.floats(0.5, 2))] for name in inputs},
        "targets": targets,
        "samples": draw(st.integers(1, 30)),
        "noise": draw(st.sampled_from([0, 0.1])),
    }
    return {"function": function}, len(targets)


@st.composite
def inline(draw: st.DrawFn) -> tuple[Values, int]:
    columns = draw(st.lists(names, min_size=2, max_size=4, unique=True))
    row = st.lists(numbers, min_size=len(columns), max_size=len(columns))
    return {
        "columns": columns,
        "rows": draw(st.lists(row, min_size=1, max_size=5)),
        "targets": [columns[-1]],
    }, 1


datasets = st.one_of(
    st.sampled_from([("xor", 1), ("not", 1), ({"name": "linear-map"}, 2), ({"name": "worked_example"}, 2)]),
    functions(),
    inline(),
)


@st.composite
def layers(draw: st.DrawFn, outputs: int) -> list[Values]:
    widths = [*draw(st.lists(st.integers(1, 4), max_size=2)), outputs]
    found: list[Values] = []
    for index, units in enumerate(widths):
        layer: Values = {"units": units, "activation": draw(activations)}
        if draw(st.booleans()):
            layer["bias"] = draw(st.booleans())
        if draw(st.booleans()):
            layer["weight_init"] = draw(weight_inits)
        if index and draw(st.booleans()):
            layer["weights"] = [[draw(numbers) for _ in range(widths[index - 1])] for _ in range(units)]
        if layer.get("bias", True) and draw(st.booleans()):
            layer["biases"] = [draw(numbers) for _ in range(units)]
        found.append(layer)
    return found


@st.composite
def configs(draw: st.DrawFn) -> Values:
    """A config that loads, fits its data, and trains in an instant."""
    dataset, outputs = draw(datasets)
    values: Values = {"dataset": dataset, "network": {"layers": draw(layers(outputs))}}
    optional = {
        "name": names,
        "seed": st.one_of(seeds, st.fixed_dictionaries({}, optional={"data": seeds, "training": seeds})),
        "loss": losses,
        "gradient": gradients,
        "optimizer": optimizers,
        "record": records,
        "metrics": st.lists(st.sampled_from(["mse", "rmse", "mae", "max_error", "r2"]), unique=True),
    }
    values |= draw(st.fixed_dictionaries({"training": trainings}, optional=optional))
    return values
