"""Sentences on what keys change in training."""

from __future__ import annotations

from collections.abc import Mapping

# Key -> what it changes in training.
EFFECTS: Mapping[str, str] = {
    "seed": "Another seed gives other initial weights, another split and other batches. Results of several "
    "seeds show how much of a difference is chance.",
    "dataset.task": "Decides how targets are encoded and which losses, output layers and metrics fit.",
    "dataset.inputs": "Columns left out here have no influence on the network.",
    "dataset.id": "The column is copied to predictions, so that rows can be recognized.",
    "dataset.split": "Held-out rows show how well the network does on data that it has not seen.",
    "dataset.split.validation": "Its loss is recorded in each epoch; early stopping watches it. These "
    "rows do not change the weights.",
    "dataset.split.test": "Its rows have no influence on training, so their metrics are a fair estimate.",
    "dataset.split.stratify": "Keeps rare classes from being absent from one of the sets.",
    "dataset.preprocessing.scale": "Inputs of similar size allow a larger learning rate and faster training. "
    "With unscaled large inputs, training often diverges.",
    "dataset.preprocessing.scale_targets": "Helps if targets are far from the range of -1 to 1: the loss "
    "then starts near 1, and usual learning rates fit.",
    "dataset.preprocessing.missing": "Decides whether rows with gaps are refused, filled or left out.",
    "network.layers": "More layers and units can learn more complex functions, but take longer and overfit "
    "more easily.",
    "network.layers[0].units": "More units can learn more detail, take longer and overfit more easily.",
    "network.layers[0].activation": "Without a nonlinear activation in a hidden layer, the network is a "
    "linear model. The output activation decides the range of the predictions.",
    "network.layers[0].dropout": "Reduces overfitting in large layers; the training loss becomes noisier and "
    "training takes more epochs.",
    "network.layers[0].l1": "Drives unimportant weights to 0, which reduces overfitting.",
    "network.layers[0].l2": "Keeps weights small, which reduces overfitting.",
    "network.layers[0].bias": "Without biases, every layer maps zeros to the activation of 0.",
    "network.weight_init": "Weights that start too large saturate sigmoid and tanh or make training diverge; "
    "equal weights keep the units of a layer equal. he_* suits relu, glorot_* suits tanh and sigmoid.",
    "loss": "Defines which errors matter. Cross-entropies learn classes faster than mse; mae and huber "
    "are less sensitive to outliers.",
    "loss.reduction": "With sum, gradients grow with the number of rows in a batch, so a smaller learning "
    "rate is needed.",
    "loss.class_weight": "Errors on classes with a larger weight count more, which helps rare classes.",
    "metrics": "Only reported: metrics do not change the weights.",
    "gradient": "Both ways give the same weights up to rounding; finite differences are far slower.",
    "optimizer": "Adam and its relatives adapt the step of each weight and need less tuning; sgd is simpler.",
    "optimizer.learning_rate": "Too small: the loss falls slowly. Too large: it oscillates or diverges. Vary "
    "it first, in factors of 3 to 10.",
    "optimizer.momentum": "Speeds up slow directions and damps oscillations. Steps grow by up to "
    "1 / (1 - momentum), so reduce the learning rate if training becomes unstable.",
    "optimizer.nesterov": "Often converges a little faster than plain momentum.",
    "optimizer.weight_decay": "Shrinks the weights, which reduces overfitting; too much makes the network "
    "underfit.",
    "optimizer.schedule": "Large steps early and small ones late often end at a lower loss.",
    "optimizer.clip_norm": "Limits the step after an unusually large gradient, which prevents divergence.",
    "training.epochs": "More epochs lower the training loss; on the validation set the loss may rise again.",
    "training.batch_size": "Smaller batches make more updates per epoch, with noisier gradients. With full, "
    "each epoch is one exact update.",
    "training.shuffle": "A new order in each epoch keeps batches from being biased.",
    "training.early_stopping": "Ends training before the network overfits, and saves time.",
    "training.early_stopping.patience": "Too small: a plateau ends training. Too large: time is wasted.",
    "training.stop_when": "Ends training as soon as the loss is good enough.",
    "training.dtype": "float32 is faster in large networks, and its results differ in the last digits.",
    "training.engine": "All engines compute the same updates; only the time differs.",
    "training.threads": "Changes the time of large layers; last digits may differ.",
    "sweep": "Only `nncli sweep` reads it. It has no effect on a training.",
    "record": "Changes only what can be plotted later, not the weights.",
}
