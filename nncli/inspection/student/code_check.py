"""Check of a student's forward and backward functions against nncli's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nncli.inspection.gradcheck import TOLERANCE, TensorChecks, compared, finite_differences, wrong_place
from nncli.inspection.student import answers
from nncli.inspection.student.answers import Outputs
from nncli.inspection.student.explanations import Explanation, find_explanation
from nncli.inspection.student.layouts import Layout
from nncli.inspection.student.problem import Problem, problems
from nncli.inspection.student.process import Student
from nncli.inspection.student.wrong_outputs import wrong_forwards
from nncli.messages.notebook import html_table
from nncli.nn.arrays import Array
from nncli.nn.losses import LOSSES, Loss
from nncli.training.experiment import Experiment


@dataclass(frozen=True)
class CodeMistake:
    """A mistake in a function, and what to do about it."""

    function: str
    mistake: str
    fix: str | None = None

    def __str__(self) -> str:
        return f"{self.function}: {self.mistake}"


@dataclass(frozen=True)
class CodeCheck:
    """Result of a check of own `forward` and `backward` functions.

    Attributes
    ----------
    layout : how the functions take their arguments; None if forward is not understood.
    tensors : backward compared with finite differences at the config's initial weights; None if there are no
        gradients.
    mistakes : what is wrong; empty if nothing is.
    """

    path: Path
    layout: Layout | None
    tensors: TensorChecks | None
    mistakes: tuple[CodeMistake, ...]

    @property
    def ok(self) -> bool:
        """Tell whether no mistake was found."""
        return not self.mistakes

    def _repr_html_(self) -> str:
        rows = [(each.function, each.mistake, each.fix or "") for each in self.mistakes]
        told = html_table(rows, ("function", "mistake", "fix")) if rows else "<p>no mistake found</p>"
        return told + (self.tensors._repr_html_() if self.tensors else "")


def check_code(experiment: Experiment, path: Path, parameters: Array | None = None) -> CodeCheck:
    """Check the functions `forward(X, W, b)` and `backward(X, Y, W, b)` of a file, and name their mistakes.

    The functions run in a process of their own. W and b are lists of the layers' weights and biases; forward
    returns the outputs, and backward the lists dW, db of the loss's gradients. An optional `loss(A, Y)`
    returns the loss. How arrays are laid out is found out from forward, see `Layout`.

    Parameters
    ----------
    parameters : of the network, (P,) (default: the initial ones).

    Raises
    ------
    NncliError
        If the file cannot be loaded, or a function is missing.
    CheckFailed
        If it does not answer in time.
    """
    student, given = Student(path), problems(experiment, parameters)
    every = answers.outputs_of(student, given)
    fitting = [each.layout for each in every if each.agree]
    agreeing = [layout for layout in fitting if not layout.is_mixed]
    if not fitting:
        return CodeCheck(path, None, None, (_forward_mistake(student, every, given[0]),))
    if not agreeing:
        return CodeCheck(path, fitting[0], None, (_mixed(fitting[0]),))
    learning_rate = experiment.recipe.learning_rate(0)
    if experiment.recipe.batch_size == 1:
        agreeing.sort(key=lambda layout: not layout.takes_one_row)
    checks = {layout: _backward(student, layout, given, learning_rate) for layout in agreeing}
    layout, best = _chosen(checks)
    return replace(best, mistakes=(*_loss_mistakes(student, layout, given), *best.mistakes))


def _mixed(layout: Layout) -> CodeMistake:
    each = [
        f"layers.{index} as {'(inputs, units)' if turned else '(units, inputs)'}"
        for index, turned in enumerate(layout.transposed)
    ]
    return CodeMistake(
        "forward",
        f"it mixes two layouts of weights: it takes those of {', '.join(each)}",
        "use one layout: z = W u with one row for each unit, or z = u W with one column for each unit",
    )


def _forward_mistake(student: Student, every: Sequence[Outputs], problem: Problem) -> CodeMistake:
    """Name what is wrong in forward, from its outputs in all layouts."""
    network = problem.network
    if not student.takes_biases("forward") and any(layer.bias for layer in network.layers):
        return CodeMistake(
            "forward",
            "it takes no biases, and the network has them",
            "define forward(X, W, b), with z = W u + b",
        )
    answered = [each for each in every if all(values is not None for values in each.values)]
    for wrong in wrong_forwards(network):
        if any(wrong.explains(each) for each in answered):
            return CodeMistake("forward", wrong.mistake, wrong.fix)
    if answered:
        return _unexplained_outputs(answered[0])
    errors = [each.error for each in every if each.error]
    if len(errors) < len(every):
        outputs = network.outputs
        return CodeMistake(
            "forward", f"it does not return {outputs} {'output' if outputs == 1 else 'outputs'} for each row"
        )
    if len(set(errors)) == 1:
        return CodeMistake("forward", f"it fails: {errors[0]}")
    # The call that came furthest had its arguments in the layout that the code expects.
    furthest = max(errors, key=_line)
    return CodeMistake(
        "forward",
        f"it fails in every layout of rows and weights: {furthest}",
        "use one layout throughout: rows X (n, inputs) and weights (units, inputs), z = X W^T + b",
    )


def _line(error: str) -> int:
    number = error.split(":")[1]
    return int(number) if number.isdigit() else 0


def _unexplained_outputs(outputs: Outputs) -> CodeMistake:
    """Say where the outputs first differ."""
    given, right = outputs.values[0], outputs.problems[0].outputs
    assert given is not None
    row = int(np.abs(given - right).max(axis=1).argmax())
    shown = [", ".join(f"{each:.6g}" for each in values[row]) for values in (given, right)]
    return CodeMistake(
        "forward",
        f"the output for row {row + 1} is {shown[0]}, and should be {shown[1]}",
        f"compare with nncli trace --row {row + 1}, which shows every z and a",
    )


def _backward(student: Student, layout: Layout, given: list[Problem], learning_rate: float) -> CodeCheck:
    """Check backward in one layout."""
    found = answers.gradients_of(student, layout, given)
    if found.values is None:
        return CodeCheck(student.path, layout, None, (CodeMistake("backward", str(found.error)),))
    own = len(layout.problems(given[:1]))
    tensors = _tensors(found.problems[0], found.values[0])
    # Kinks and equal weights may lie in the config's own numbers, none in random ones.
    explanation = find_explanation(found.values[own:], found.problems[own:], learning_rate)
    of_form = [CodeMistake("backward", words) for words in found.mistakes]
    return CodeCheck(student.path, layout, tensors, (*of_form, *_told(explanation, tensors)))


def _chosen(checks: Mapping[Layout, CodeCheck]) -> tuple[Layout, CodeCheck]:
    """Return the layout that the functions are written for, and the check in it.

    Forward may fit several layouts, such as all rows and one row at a time; the first whose gradients have
    the right shapes decides which of the two it is.
    """
    shaped = {layout: each for layout, each in checks.items() if each.tensors is not None}
    if not shaped:
        return next(iter(checks.items()))
    single = next(iter(shaped)).takes_one_row
    alike = [layout for layout in shaped if layout.takes_one_row == single]
    layout = min(alike, key=lambda each: len(shaped[each].mistakes))
    best = shaped[layout]
    if best.ok or not any(each.ok for each in shaped.values()):
        return layout, best
    first, *others = best.mistakes
    words = f"{first.fix}; for one row by itself the gradient is right"
    return layout, replace(best, mistakes=(replace(first, fix=words), *others))


def _told(explanation: Explanation | None, tensors: TensorChecks) -> list[CodeMistake]:
    """Return the mistakes of an explanation; without one, the place where the gradient goes wrong."""
    if explanation is None:
        return [CodeMistake("backward", "the gradient is wrong", wrong_place(tensors, TOLERANCE))]
    if not explanation.mistakes and tensors.worst.worst > TOLERANCE:
        return [CodeMistake("backward", "the gradient is wrong for the config's own rows alone")]
    pairs = zip(explanation.mistakes, explanation.fixes, strict=True)
    return [CodeMistake("backward", *each) for each in pairs]


def _tensors(problem: Problem, gradient: Array) -> TensorChecks:
    """Compare a gradient (P,) with finite differences of the loss."""
    network, parameters, X, Y, loss = (
        problem.network,
        problem.parameters,
        problem.X,
        problem.Y,
        problem.loss,
    )
    with np.errstate(all="ignore"):
        numeric = finite_differences(network, parameters, X, Y, loss)
    return compared(network, problem.value_of(loss), gradient, numeric)


def _loss_mistakes(student: Student, layout: Layout, given: list[Problem]) -> list[CodeMistake]:
    """Compare `loss(A, Y)` with the config's loss, if the file has it."""
    if "loss" not in student.functions:
        return []
    problems, right = layout.problems(given), given[0].loss
    values = answers.losses_of(student, layout, given)
    if failed := next((each for each in values if isinstance(each, str)), None):
        return [CodeMistake("loss", failed)]
    every = [right, *(make(reduction=reduction) for make in LOSSES.values() for reduction in ("mean", "sum"))]
    for loss in every:
        if loss.link not in (None, given[0].network.output_activation.name):
            continue
        if np.allclose(values, [each.value_of(loss) for each in problems], rtol=1e-9):
            return [] if loss is right else [_other_loss(f"{loss.name} ({loss.reduction})", right)]
    return [
        CodeMistake(
            "loss", f"it returns {values[0]:.6g}, and should return {problems[0].value_of(right):.6g}"
        )
    ]


def _other_loss(name: str, right: Loss) -> CodeMistake:
    return CodeMistake(
        "loss",
        f"this is {name}, and the config's loss is {right.name} ({right.reduction})",
        "report the loss that is minimized",
    )
