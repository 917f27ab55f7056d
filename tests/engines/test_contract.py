"""The contract every engine keeps: chunks change nothing, and orders of rows are pure."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nncli import engines
from nncli.config import Config, json_schema
from nncli.engines import ENGINES
from nncli.engines.batches import block_epochs, epoch_orders
from nncli.engines.contract import (
    Chunk,
    Plan,
    Recipe,
    State,
    start,
    updates_per_epoch,
)
from nncli.engines.numpy_engine import NumpyEngine
from nncli.messages.errors import ConfigError
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.arrays import Array
from nncli.nn.gradients import GRADIENTS
from nncli.nn.losses import LOSSES, Loss
from nncli.nn.network import Layer, Network
from nncli.nn.optimizers import OPTIMIZERS
from nncli.nn.schedules import SCHEDULES
from nncli.training.experiment import build

pytestmark = pytest.mark.usefixtures("sources_as_python")

NETWORK = Network((Layer(2, 3, ACTIVATIONS["tanh"]()), Layer(3, 1, ACTIVATIONS["identity"]())))
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(7, 2)), RNG.normal(size=(7, 1))
START = RNG.normal(size=NETWORK.parameter_count)
UPDATES = 30  # with 4 batches an epoch: seven epochs and a half


def recipe(
    *,
    batch_size: int = 2,
    shuffle: bool = True,
    seed: int = 3,
    loss: Loss = LOSSES["mse"](),  # noqa: B008 - frozen
    gradient: str = "backprop",
    optimizer: str = "adam",
) -> Recipe:
    return Recipe(
        loss=loss,
        gradient=GRADIENTS[gradient](),
        optimizer=OPTIMIZERS[optimizer](learning_rate=0.05),
        schedule=SCHEDULES["constant"](),
        batch_size=batch_size,
        shuffle=shuffle,
        seed=seed,
    )


def plan(engine: str, given: Recipe, rows: int = 7) -> Plan:
    if reason := ENGINES[engine].supports(NETWORK, given, rows):
        pytest.skip(f"{engine} does not support {reason}")
    return ENGINES[engine].plan(NETWORK, X[:rows], Y[:rows], given)


def run_in(parts: Sequence[int], made: Plan, given: Recipe) -> tuple[Chunk, list[float]]:
    state, losses = start(NETWORK, START, given), []
    for updates in parts:
        chunk = made.run(state, [state.update + updates])
        state = chunk.state()
        losses += chunk.losses.tolist()
    return chunk, losses


RECIPES = {
    "shuffled batches": recipe(),
    "file order": recipe(shuffle=False),
    "one row at a time": recipe(batch_size=1),
    "full batch": recipe(batch_size=7, shuffle=False),
    "full batch, shuffled": recipe(batch_size=7),
    "sum": recipe(loss=LOSSES["mse"]("sum")),
    "finite differences": recipe(gradient="finite_difference"),
    "sgd": recipe(optimizer="sgd"),
}

splits = st.lists(st.integers(1, UPDATES), min_size=0, max_size=6).map(
    lambda cuts: np.diff(sorted({0, UPDATES, *(cut for cut in cuts if cut < UPDATES)})).tolist()
)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("given_recipe", RECIPES.values(), ids=RECIPES.keys())
@settings(max_examples=15, deadline=None)
@given(parts=splits)
def test_chunking_never_changes_the_result(engine: str, given_recipe: Recipe, parts: list[int]) -> None:
    made = plan(engine, given_recipe)
    whole, losses = run_in([UPDATES], made, given_recipe)
    last, parts_losses = run_in(parts, made, given_recipe)
    assert last.updates[-1] == whole.updates[-1] == UPDATES
    assert parts_losses == losses
    for first, second in zip(last[1:-1], whole[1:-1], strict=True):
        np.testing.assert_array_equal(first[-1], second[-1])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("given_recipe", RECIPES.values(), ids=RECIPES.keys())
@settings(max_examples=15, deadline=None)
@given(parts=splits)
def test_states_at_stops_are_those_of_chunks_that_end_there(
    engine: str, given_recipe: Recipe, parts: list[int]
) -> None:
    made = plan(engine, given_recipe)
    stops = np.cumsum(parts)
    chunk = made.run(start(NETWORK, START, given_recipe), stops.tolist())
    per_epoch = updates_per_epoch(7, given_recipe)
    for count, stop in enumerate(stops.tolist(), start=1):
        alone = made.run(start(NETWORK, START, given_recipe), [stop])
        for kept, ended in zip(chunk.until(count, per_epoch), alone, strict=True):
            np.testing.assert_array_equal(kept[-1:], ended[-1:])
        assert len(chunk.until(count, per_epoch).losses) == len(alone.losses)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_chunk_leaves_the_state_it_started_from_as_it_was(engine: str) -> None:
    given_recipe = recipe()
    state = start(NETWORK, START.copy(), given_recipe)
    first = plan(engine, given_recipe).run(state, [5])
    np.testing.assert_array_equal(state.parameters, START)
    assert not state.slots.any()
    again = plan(engine, given_recipe).run(state, [5])
    np.testing.assert_array_equal(again.parameters, first.parameters)


def by_hand(given_recipe: Recipe, orders: Sequence[Sequence[int]]) -> tuple[Array, list[float]]:
    """Batches cut from each epoch's order, written out."""
    parameters, slots, update = START, given_recipe.optimizer.init(START), 0
    losses = []
    for order in orders:
        total = 0.0
        for first in range(0, len(order), given_recipe.batch_size):
            rows = list(order[first : first + given_recipe.batch_size])
            value, gradient = given_recipe.gradient(NETWORK, parameters, X[rows], Y[rows], given_recipe.loss)
            total += value * (len(rows) / len(order) if given_recipe.loss.reduction == "mean" else 1.0)
            update += 1
            parameters, slots = given_recipe.optimizer.step(
                parameters, gradient, slots, update, given_recipe.optimizer.learning_rate
            )
        losses.append(total)
    return parameters, losses


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("batch_size", [1, 2, 3, 7])
def test_file_order_takes_the_rows_as_they_stand_with_a_short_last_batch(
    engine: str, reduction: str, batch_size: int
) -> None:
    given_recipe = recipe(batch_size=batch_size, shuffle=False, loss=LOSSES["mse"](reduction))
    chunk = plan(engine, given_recipe).run(
        start(NETWORK, START, given_recipe), [3 * updates_per_epoch(7, given_recipe)]
    )
    parameters, losses = by_hand(given_recipe, [range(7)] * 3)
    np.testing.assert_allclose(chunk.parameters[-1], parameters, rtol=1e-12)
    np.testing.assert_allclose(chunk.losses, losses, rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_shuffled_rows_come_in_the_order_of_their_epoch(engine: str) -> None:
    given_recipe = recipe(batch_size=3)
    chunk = plan(engine, given_recipe).run(start(NETWORK, START, given_recipe), [4 * 3])
    parameters, losses = by_hand(given_recipe, epoch_orders(given_recipe.seed, 0, 7)[:4].tolist())
    np.testing.assert_allclose(chunk.parameters[-1], parameters, rtol=1e-12)
    np.testing.assert_allclose(chunk.losses, losses, rtol=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_the_second_block_of_orders_follows_the_first(engine: str) -> None:
    given_recipe = recipe(batch_size=1, optimizer="sgd")
    first, second = (epoch_orders(given_recipe.seed, block, 7)[0].tolist() for block in (0, 1))
    assert first != second
    slots = given_recipe.optimizer.init(START)
    chunk = plan(engine, given_recipe).run(
        State(START, slots, update=7 * block_epochs(7)), [7 * block_epochs(7) + 7]
    )
    parameters, losses = by_hand(given_recipe, [second])
    np.testing.assert_allclose(chunk.parameters[-1], parameters, rtol=1e-12)
    np.testing.assert_allclose(chunk.losses, losses, rtol=1e-12)


def test_gradient_norm_is_that_of_the_last_update() -> None:
    given_recipe = recipe(batch_size=7, shuffle=False)
    before = plan("numpy", given_recipe).run(start(NETWORK, START, given_recipe), [4]).state()
    _, gradient = given_recipe.gradient(NETWORK, before.parameters, X, Y, given_recipe.loss)
    chunk = plan("numpy", given_recipe).run(start(NETWORK, START, given_recipe), [5])
    assert chunk.gradient_norms[-1] == pytest.approx(np.linalg.norm(gradient), rel=1e-13)


def test_updates_per_epoch_counts_the_short_last_batch() -> None:
    assert [updates_per_epoch(7, recipe(batch_size=size)) for size in (1, 2, 3, 6, 7)] == [7, 4, 3, 2, 1]


@given(seed=st.integers(0, 2**64 - 1), block=st.integers(0, 10**6), rows=st.integers(1, 300))
@settings(max_examples=20, deadline=None)
def test_epoch_orders_are_permutations_and_a_pure_function(seed: int, block: int, rows: int) -> None:
    orders = epoch_orders(seed, block, rows)
    assert orders.shape == (block_epochs(rows), rows)
    assert (np.sort(orders, axis=1) == np.arange(rows)).all()
    epoch_orders.cache_clear()
    np.testing.assert_array_equal(epoch_orders(seed, block, rows), orders)


def test_epoch_orders_differ_by_epoch_block_and_seed() -> None:
    orders = epoch_orders(0, 0, 50)
    assert len({tuple(order) for order in orders.tolist()}) == len(orders)
    assert not np.array_equal(orders, epoch_orders(0, 1, 50))
    assert not np.array_equal(orders, epoch_orders(1, 0, 50))


def test_epoch_orders_put_every_row_at_every_place_alike() -> None:
    rows = 5
    orders = np.concatenate([epoch_orders(0, block, rows) for block in range(20)])
    shares = np.array([(orders == row).mean(axis=0) for row in range(rows)])
    # 5,120 orders: a share of 1/5 has a standard deviation of 0.0056.
    np.testing.assert_allclose(shares, 0.2, atol=5 * 0.0056)


def test_orders_of_a_block_stay_small_in_memory() -> None:
    assert block_epochs(1) == 256
    assert block_epochs(10_000) == 100
    assert block_epochs(10**7) == 1


class WithoutSlots(NumpyEngine):
    """An engine that cannot do everything, as fast ones cannot."""

    def supports(self, network: Network, recipe: Recipe, rows: int) -> str | None:
        return "an optimizer with slots" if recipe.optimizer.slots else None

    def seconds(self, network: Network, recipe: Recipe, updates: int) -> float:
        return 0.0


def test_auto_takes_the_fastest_engine_that_supports_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ENGINES", {"fast": WithoutSlots(), "numpy": NumpyEngine()})
    plain, heavy = recipe(optimizer="sgd"), recipe(optimizer="adam")
    assert engines.choose("auto", NETWORK, plain, 7, 5) == "fast"
    assert engines.choose("auto", NETWORK, heavy, 7, 5) == "numpy"
    assert engines.choose("fast", NETWORK, plain, 7, 5) == "fast"
    with pytest.raises(ValueError, match="with slots"):
        engines.choose("fast", NETWORK, heavy, 7, 5)


@pytest.mark.parametrize(
    ("sizes", "batch_size", "engine"),
    [
        ((2, 4, 1), 4, "python"),
        ((8, 8, 1), 1, "python"),
        ((8, 8, 1), 32, "numpy"),
        ((64, 128, 10), 1, "numpy"),
    ],
)
def test_auto_writes_the_step_of_tiny_networks_out(
    sizes: tuple[int, ...], batch_size: int, engine: str
) -> None:
    tanh = ACTIVATIONS["tanh"]()
    network = Network(tuple(Layer(*each, tanh) for each in itertools.pairwise(sizes)))
    assert engines.choose("auto", network, recipe(batch_size=batch_size, optimizer="sgd"), 100, 100) == engine


def test_the_last_engine_supports_every_recipe() -> None:
    *_, last = ENGINES.values()
    assert all(last.supports(NETWORK, recipe(optimizer=name), 10**9) is None for name in OPTIMIZERS)


def test_a_config_that_asks_for_an_engine_which_cannot_do_it_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ENGINES, "numpy", WithoutSlots())
    values = {"dataset": "xor", "network": {"layers": [{"units": 1}]}, "training": {"engine": "numpy"}}
    build(Config.of(values))
    with pytest.raises(
        ConfigError, match=r"training\.engine: numpy does not support an optimizer with slots"
    ) as caught:
        build(Config.of({**values, "optimizer": {"name": "sgd", "momentum": 0.9}}))
    assert caught.value.hint == "set engine: auto"


def test_the_schema_names_the_engines() -> None:
    engine = json_schema()["$defs"]["TrainingConfig"]["properties"]["engine"]
    assert engine["enum"] == ["auto", *ENGINES]
