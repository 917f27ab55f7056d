"""Tables with too few rows for their inputs."""

from __future__ import annotations

from nncli.advice.new_rows import GOOD, RowLosses
from nncli.advice.trials import Advice
from nncli.messages.wording import counted
from nncli.nn.arrays import Array
from nncli.training import measure
from nncli.training.experiment import Experiment

ROWS_PER_INPUT = 10  # with fewer, estimates are unreliable (Peduzzi et al. 1996, for logistic regression)
FEWEST_EPOCHS = 10
GAP = 2.0  # of the loss on new rows over that on training rows


def examine(experiment: Experiment, parameters: Array, new: RowLosses) -> Advice | None:
    """Advise to collect rows if there are too few of them; None if there are enough.

    There are too few if they are fewer than ten for each input, the loss on new rows is twice that on the
    training rows, and neither the network nor a linear model brings it below 30 % of the loss of a constant.

    Parameters
    ----------
    parameters : of the network as trained, (P,).
    """
    training = experiment.rows.training
    rows, inputs = training.X.shape
    if rows >= ROWS_PER_INPUT * inputs or experiment.epochs < FEWEST_EPOCHS:
        return None
    loss = measure.mean_loss(experiment, parameters)
    network, linear, constant = new.network.mean(), new.linear.mean(), new.constant.mean()
    if network < GAP * loss or min(network, linear) < GOOD * constant:
        return None
    return Advice(
        since=f"the network predicts new rows much worse than the rows it was trained on: {new.where}, the "
        f"loss is {network:.4g}, on the training set {loss:.4g}",
        why=f"{counted(rows, 'training row')} are too few for {counted(inputs, 'network input')}: with fewer "
        f"than {ROWS_PER_INPUT} rows per input, much is found by chance",
        trials=(),
        otherwise="collect more rows, or keep only the inputs that are known to matter: dataset.inputs",
    )
