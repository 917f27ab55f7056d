"""Mistakes that people make in a forward pass, each with the outputs that it leads to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nncli.inspection.student import passes
from nncli.inspection.student.answers import Outputs, close
from nncli.inspection.student.problem import Problem
from nncli.nn.activations import ACTIVATIONS, Activation
from nncli.nn.network import Network


@dataclass(frozen=True)
class WrongForward:
    """A mistake in a forward pass, and the arguments of `passes.forward` that make it."""

    mistake: str
    fix: str
    changes: dict[str, Any]

    def explains(self, outputs: Outputs) -> bool:
        """Tell whether this mistake leads to these outputs."""
        return all(
            given is not None and self._leads_to(given, problem)
            for given, problem in zip(outputs.values, outputs.problems, strict=True)
        )

    def _leads_to(self, given: Any, problem: Problem) -> bool:
        try:
            return close(given, passes.forward(problem, **{"activations": {}, **self.changes}))
        except ValueError:
            return False


def wrong_forwards(network: Network) -> Iterator[WrongForward]:
    """Yield mistakes in a forward pass of a network, the likeliest first."""
    layers = range(len(network.layers))
    biased = frozenset(index for index in layers if network.layers[index].bias)
    if biased:
        yield WrongForward("the biases are left out", "compute z = W u + b", {"without_bias": biased})
    for chosen in [*([index] for index in layers), [*layers][:-1], [*layers]]:
        for name in ("identity", *ACTIVATIONS):
            yield from _with_activation(network, chosen, ACTIVATIONS[name]())
    for index in layers:
        if len(biased) > 1 and index in biased:
            yield WrongForward(
                f"the biases of layers.{index} are left out",
                "compute z = W u + b",
                {"without_bias": frozenset([index])},
            )


def _with_activation(network: Network, chosen: list[int], other: Activation) -> Iterator[WrongForward]:
    """Yield another activation in some layers, which then all differ from the config's."""
    right = {network.layers[index].activation.name for index in chosen}
    if other.name in right or len(right) != 1:
        return
    where = " and ".join(f"layers.{index}" for index in chosen)
    (name,) = right
    missing = other.name == "identity"
    words = f"the activation of {where} is missing" if missing else f"{other.name} is used in {where}"
    yield WrongForward(
        f"{words}; the config's is {name}",
        f"apply {name} to z, or set activation: {other.name} in the config",
        {"activations": dict.fromkeys(chosen, other)},
    )
