"""An optimizer's step as numpy calls on arrays made once."""

from __future__ import annotations

import numpy as np

from nncli.engines.calls import Calls, Operand, run
from nncli.nn.arrays import Array
from nncli.nn.optimizers import Optimizer


class OptimizerStep:
    """An optimizer's step, as calls on the parameters (P,), the gradient (P,) and the slots (s, P)."""

    def __init__(self, optimizer: Optimizer, w: Array, g: Array, slots: Array) -> None:
        calls = Calls(w.dtype)
        step = g if optimizer.clip_norm is None and not optimizer.weight_decay else np.empty_like(g)
        if step is not g:
            calls.add(_clip, g, optimizer.clip_norm, step)
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
