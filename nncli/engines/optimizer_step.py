"""An optimizer's step on arrays made once: as numpy calls, or compiled."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from nncli.codegen.loops import step_source
from nncli.engines.calls import Calls, Operand, run
from nncli.engines.compilation import compiled
from nncli.nn.arrays import Array
from nncli.nn.optimizers import Optimizer


class OptimizerStep(Protocol):
    """An optimizer's step, made for parameters (P,), their gradient (P,) and the slots (s, P)."""

    def __init__(self, optimizer: Optimizer, w: Array, g: Array, slots: Array) -> None: ...

    def __call__(self, update: int, rate: float) -> None:
        """Move the parameters; updates count from 1."""


class NumpyStep(OptimizerStep):
    """An optimizer's step, as calls on the parameters (P,), the gradient (P,) and the slots (s, P).

    Those of several networks may be stacked: (S, P), (S, P) and (s, S, P).
    """

    def __init__(self, optimizer: Optimizer, w: Array, g: Array, slots: Array) -> None:
        calls = Calls(w.dtype)
        step = g if optimizer.clip_norm is None and not optimizer.weight_decay else np.empty_like(g)
        if step is not g:
            calls.add(_clip if g.ndim == 1 else _clip_each, g, optimizer.clip_norm, step)
        options = {name: repr(float(value)) for name, value in optimizer.options.items()}
        if optimizer.weight_decay:
            calls.assign(step, "g + decay * w", {"g": step, "w": w, "decay": repr(optimizer.weight_decay)})
        values: dict[str, Operand] = {"w": w, "g": step, "rate": "rate", "update": "update", **options}
        values |= zip(optimizer.slots, slots, strict=True)
        for name, expression in optimizer.assignments:
            if scalar := calls.scalar(expression, values):
                values[name] = scalar
                continue
            target = values.setdefault(name, np.empty_like(w))
            assert not isinstance(target, str)
            calls.assign(target, expression, values)
        self._calls, self._set_scalars = calls.taken(), calls.scalars()

    def __call__(self, update: int, rate: float) -> None:
        """Move the parameters; updates count from 1."""
        self._set_scalars(rate, update)
        run(self._calls)


def _clip(gradient: Array, longest: float | None, out: Array) -> None:
    """The gradient, no longer than a norm."""
    share = 1.0 if longest is None else longest / (np.sqrt(gradient @ gradient) + 1e-6)
    np.multiply(gradient, gradient.dtype.type(min(share, 1.0)), out)


def _clip_each(gradients: Array, longest: float | None, out: Array) -> None:
    """Each of several gradients (S, P), no longer than a norm."""
    norms = np.sqrt(np.square(gradients).sum(axis=-1, keepdims=True))
    share = 1.0 if longest is None else longest / (norms + 1e-6)
    np.multiply(gradients, np.minimum(share, 1.0), out)


class CompiledStep(OptimizerStep):
    """An optimizer's step as one compiled loop over the parameters.

    Adam takes 11 us for 10,000 parameters instead of 51, and 0.5 ms for 670,000 in float32 instead of 2.9.
    """

    def __init__(self, optimizer: Optimizer, w: Array, g: Array, slots: Array) -> None:
        self._number = w.dtype.type
        self._arrays = w, slots, g
        nothing = np.empty_like(w[:0]), np.empty_like(slots[:, :0]), np.empty_like(g[:0])
        source = step_source(optimizer, w.dtype.name)
        self._step = compiled(source, "step", [*nothing, self._number(0.1), 1])

    def __call__(self, update: int, rate: float) -> None:
        """Move the parameters; updates count from 1."""
        self._step(*self._arrays, self._number(rate), update)
