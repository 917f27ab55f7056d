"""Names that other tools give to keys, values and commands, by the place where they are written.

A synonym leads to a config with the same meaning. A name without a counterpart is listed as well, so that
no similar name with another meaning is proposed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

_BIAS_INITIALIZERS = {
    "normal": "random_normal gaussian",
    "uniform": "random_uniform",
    "zeros": "zero none",
}
_WEIGHT_INITIALIZERS = {
    "glorot_uniform": "xavier_uniform",
    "glorot_normal": "xavier_normal",
    "he_uniform": "kaiming_uniform",
    "he_normal": "kaiming_normal",
    **_BIAS_INITIALIZERS,
}
_SCALES = {
    "standard": "standardize standardized standardization z_score zscore standard_scaler",
    "minmax": "min_max min_max_scaler",
    "none": "identity off raw",
}

# Place -> name in nncli -> its names elsewhere. The place of a value is its key.
SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "key": {
        "learning_rate": "lr eta step_size learning_rate_init",
        "separator": "sep delimiter delim",
        "batch_size": "batch batchsize minibatch minibatch_size mini_batch_size",
        "epochs": "max_iter epoch n_epochs num_epochs nb_epoch max_epochs",
        "hidden": "hidden_layers hidden_layer_sizes hidden_sizes n_hidden hidden_units hidden_dims",
        "units": "neurons size nodes n_units num_units n_neurons width out_features",
        "activation": "act activation_function activation_fn nonlinearity",
        "bias": "use_bias",
        "weight_init": "kernel_initializer weight_initializer weights_init kernel_init",
        "bias_init": "bias_initializer biases_init",
        "l1": "l1_penalty l1_regularization",
        "l2": "l2_penalty l2_regularization",
        "dropout": "dropout_rate drop_rate",
        "seed": "random_state random_seed",
        "beta1": "beta_1",
        "beta2": "beta_2",
        "epsilon": "eps",
        "alpha": "rho",
        "slope": "negative_slope",
        "clip_norm": "clipnorm max_grad_norm grad_clip gradient_clip_norm",
        "schedule": "scheduler lr_scheduler lr_schedule learning_rate_schedule",
        "nesterov": "nesterovs_momentum",
        "validation": "validation_split val_split validation_fraction val_size val_fraction",
        "test": "test_size test_split test_fraction",
        "early_stopping": "early_stop",
        "patience": "n_iter_no_change",
        "min_delta": "tol",
        "restore_best": "restore_best_weights",
        "path": "file filename file_name data_path csv csv_file",
        "dataset": "data",
        "inputs": "features feature_columns input input_features",
        "targets": "target label labels outputs target_columns output_features",
        "network": "model net architecture",
        "loss": "cost loss_function loss_fn criterion objective cost_function",
        "metrics": "metric",
        "optimizer": "optim solver",
        "training": "train trainer fit",
        "samples": "n_samples num_samples",
        "preprocessing": "preprocess",
        "scale": "scaling scaler",
        "scale_targets": "target_scaling scale_target",
        "threads": "n_jobs num_threads",
        "dtype": "precision",
    },
    "activation": {
        "identity": "linear none",
        "sigmoid": "logistic expit",
        "silu": "swish",
        "relu": "rectifier rectified_linear",
        "leaky_relu": "lrelu",
        "tanh": "hyperbolic_tangent",
    },
    "loss": {
        "mse": "mean_squared_error mse_loss mean_square_error",
        "mae": "mean_absolute_error l1_loss l1 mae_loss",
        "huber": "huber_loss",
        "binary_cross_entropy": "bce bce_loss binary_crossentropy bce_with_logits bce_with_logits_loss",
        "cross_entropy": "categorical_crossentropy sparse_categorical_crossentropy cross_entropy_loss "
        "categorical_cross_entropy sparse_categorical_cross_entropy softmax_cross_entropy crossentropy "
        "nll nll_loss negative_log_likelihood multiclass_cross_entropy ce",
    },
    "metrics": {
        "accuracy": "acc accuracy_score binary_accuracy categorical_accuracy sparse_categorical_accuracy",
        "val_accuracy": "val_acc",
        "mse": "mean_squared_error",
        "rmse": "root_mean_squared_error",
        "mae": "mean_absolute_error",
        "max_error": "max_absolute_error",
        "r2": "r2_score r_squared coefficient_of_determination",
        "f1": "f1_score",
        "auc": "roc_auc auroc roc_auc_score",
        "precision": "precision_score",
        "recall": "recall_score sensitivity true_positive_rate tpr",
        "log_loss": "cross_entropy bce binary_crossentropy binary_cross_entropy categorical_crossentropy "
        "sparse_categorical_crossentropy nll",
    },
    "optimizer": {
        "sgd": "gd gradient_descent stochastic_gradient_descent",
    },
    "schedule": {
        "constant": "none fixed constant_lr",
        "step": "step_lr step_decay",
        "exponential": "exponential_lr exponential_decay",
        "cosine": "cosine_annealing cosine_annealing_lr cosine_decay",
    },
    "gradient": {
        "backprop": "backpropagation back_propagation autograd analytic",
        "finite_difference": "finite_differences numeric numerical fd",
    },
    "weight_init": _WEIGHT_INITIALIZERS,
    "bias_init": _BIAS_INITIALIZERS,
    "scale": _SCALES,
    "scale_targets": _SCALES,
    "task": {"multiclass": "multi_class", "multilabel": "multi_label", "binary": "binary_classification"},
    "dtype": {"float64": "double fp64 f64", "float32": "single fp32 f32"},
    "encode": {"onehot": "one_hot one_hot_encoder dummy dummies"},
    "batch_size": {"full": "all none full_batch"},
    "command": {
        "train": "fit learn run start",
        "check": "validate lint verify",
        "evaluate": "test eval score",
        "predict": "inference infer",
        "init": "new create template",
        "plot": "draw graph visualize",
        "resume": "continue",
        "runs": "ls list history",
    },
    "plot": {
        "loss": "curve curves loss_curve learning_curve learning_curves history training metrics accuracy",
        "weight-surface": "landscape loss_landscape loss_surface surface",
        "boundary": "decision_boundary decision_regions regions",
        "confusion": "confusion_matrix matrix cm",
        "roc": "auc roc_curve roc_auc",
        "precision-recall": "pr pr_curve precision recall precision_recall_curve",
        "calibration": "calibration_curve reliability reliability_diagram",
        "parity": "predictions predicted actual_vs_predicted predicted_vs_actual",
        "importance": "feature_importance permutation_importance",
        "dependence": "pdp pd ice partial_dependence",
        "network": "graph architecture diagram model",
        "gradients": "gradient_norm grad_norm",
    },
}
OUTSIDE_CONFIGS = frozenset({"command", "plot"})  # places whose names are words of the command line

_CLASSES = "use binary for two classes, multiclass for more"
_NORMALIZED = "use standard (mean 0, standard deviation 1) or minmax (0 to 1)"

# Place -> what to say -> the names that it answers.
REMARKS: Mapping[str, Mapping[str, str]] = {
    "key": {
        "layers are always dense, and the format of a file is detected; remove the key": "type class_name",
        "nncli has no batch normalization; remove the key": "batch_norm batch_normalization batchnorm",
        "nncli has no layer normalization; remove the key": "layer_norm layer_normalization",
        "nncli always computes on the CPU; remove the key": "device gpu cuda use_gpu accelerator",
        "nncli clips only the norm of the gradient: clip_norm": "clipvalue clip_value",
        "for L2 regularization write weight_decay; for a falling learning rate write schedule": "decay",
        "a threshold is an option of nncli predict and nncli evaluate: --threshold": "threshold",
        "print less with --quiet or more with --verbose on the command line; remove the key": "verbose",
    },
    "loss": {
        "use binary_cross_entropy with a sigmoid output, or cross_entropy with softmax": "log_loss logloss "
        "logistic log logistic_loss xent",
    },
    "metrics": {"the loss is always reported; remove it here": "loss"},
    "optimizer": {
        "use {name: sgd, momentum: 0.9}": "momentum",
        "use {name: sgd, momentum: 0.9, nesterov: true}": "nesterov nag",
    },
    "weight_init": {
        "use he_uniform or he_normal": "he kaiming",
        "use glorot_uniform or glorot_normal": "glorot xavier",
        "use {name: constant, value: 1}": "ones",
    },
    "bias_init": {"use {name: constant, value: 1}": "ones"},
    "scale": {
        _NORMALIZED: "normalize normalized normalization",
    },
    "scale_targets": {
        _NORMALIZED: "normalize normalized normalization",
    },
    "task": {_CLASSES: "classification classifier"},
}

# Place -> names without a counterpart.
ABSENT: Mapping[str, str] = {
    "activation": "selu prelu relu6 rrelu celu softsign hard_sigmoid hard_tanh hard_swish mish log_softmax "
    "log_sigmoid exponential threshold softmin maxout tanhshrink quick_gelu geglu swiglu step",
    "loss": "mape mean_absolute_percentage_error msle mean_squared_logarithmic_error hinge hinge_loss "
    "log_cosh kl_divergence kld poisson focal focal_loss rmse r2 quantile pinball cosine_similarity",
    "metrics": "mape mean_absolute_percentage_error msle rmsle top_k_accuracy balanced_accuracy specificity "
    "mcc kappa",
    "optimizer": "nadam adamax adadelta radam lbfgs ftrl lion amsgrad rprop asgd sparse_adam lamb "
    "muon adafactor newton",
    "schedule": "linear polynomial one_cycle cyclic invscaling adaptive plateau reduce_lr_on_plateau "
    "cosine_restarts multistep lambda",
    "weight_init": "lecun_normal lecun_uniform truncated_normal orthogonal variance_scaling identity sparse",
    "bias_init": "truncated_normal glorot_uniform glorot_normal he_uniform he_normal random",
    "scale": "robust maxabs max_abs robust_scaler quantile log",
    "scale_targets": "robust maxabs max_abs robust_scaler quantile log",
    "encode": "ordinal label target binary embedding",
    "dtype": "float16 half fp16 bfloat16 bf16 int8 int32",
}


def synonym(name: str, context: str) -> str | None:
    """Return nncli's name for one of another tool, or None if there is none; `context` is the place."""
    return _table(context).get(_folded(name))


def remark(name: str, context: str) -> str | None:
    """Return what to say about a name that has no counterpart, or None if it is not known."""
    return _remarks(context).get(_folded(name))


@cache
def _table(context: str) -> dict[str, str]:
    return _inverted(SYNONYMS.get(context, {}))


@cache
def _remarks(context: str) -> dict[str, str]:
    absent = {_folded(name): f"nncli has no {name}" for name in ABSENT.get(context, "").split()}
    return {**absent, **_inverted(REMARKS.get(context, {}))}


def _inverted(names: Mapping[str, str]) -> dict[str, str]:
    return {_folded(other): own for own, others in names.items() for other in others.split()}


def _folded(name: str) -> str:
    """Ignore case, `_` and `-`: `CrossEntropyLoss` is `cross_entropy_loss`."""
    return re.sub(r"[\W_]", "", name).lower()
