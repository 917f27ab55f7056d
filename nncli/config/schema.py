"""Models of the config: the single source of validation, defaults, documentation and JSON Schema."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from nncli.config.registry import Choice, choice
from nncli.data.preprocessing import DType
from nncli.data.settings import ColumnName, PreprocessingConfig, SplitConfig
from nncli.data.sources import BUILTIN, SAMPLES
from nncli.engines import ENGINES
from nncli.messages.models import Either, Strict
from nncli.nn.activations import ACTIVATIONS
from nncli.nn.gradients import GRADIENTS
from nncli.nn.initializers import BIAS_INITIALIZERS, WEIGHT_INITIALIZERS
from nncli.nn.losses import LOSSES, Reduction
from nncli.nn.metrics import METRICS
from nncli.nn.optimizers import OPTIMIZERS
from nncli.nn.schedules import SCHEDULES
from nncli.tables.settings import ReadConfig

if TYPE_CHECKING:
    ActivationChoice: TypeAlias = Choice
    GradientChoice: TypeAlias = Choice
    ScheduleChoice: TypeAlias = Choice
    WeightInit: TypeAlias = Choice
    BiasInit: TypeAlias = Choice
else:
    ActivationChoice = choice("activation", ACTIVATIONS)
    GradientChoice = choice("gradient", GRADIENTS)
    ScheduleChoice = choice("schedule", SCHEDULES)
    WeightInit = choice("weights", WEIGHT_INITIALIZERS)
    BiasInit = choice("biases", BIAS_INITIALIZERS)


def _written(value: Any, description: str) -> Any:
    """Field with a default as a config would write it; the type of the field converts it."""
    return Field(value, description=description)


AUTO = "auto"
ENGINE: Any = Literal[("auto", *ENGINES)]


class AnyOptimizer(Choice):
    """Options that every optimizer has besides its own."""

    shared: ClassVar[set[str]] = {"name", "schedule", "clip_norm"}

    schedule: ScheduleChoice = _written("constant", "how the learning rate changes over the epochs")
    clip_norm: float | None = Field(
        None,
        gt=0,
        description="largest gradient norm; a longer gradient is scaled by clip_norm / (norm + 1e-6)",
    )


def _follow_targets(reduction: Reduction = "mean") -> None:
    """cross_entropy after softmax, binary_cross_entropy after sigmoid if all targets are 0 or 1, else mse."""


class AnyLoss(Choice):
    """Options that every loss has besides its own."""

    shared: ClassVar[set[str]] = {"name", "class_weight"}

    class_weight: (
        Annotated[
            Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]],
            Either("'balanced' or a mapping of classes to weights"),
        ]
        | None
    ) = Field(
        None,
        description="weight of each class in the loss; balanced: as if all classes were equally frequent",
    )


if TYPE_CHECKING:
    OptimizerChoice: TypeAlias = AnyOptimizer
    LossChoice: TypeAlias = AnyLoss
else:
    LossChoice = choice("loss", {AUTO: _follow_targets, **LOSSES}, AnyLoss, default=AUTO)
    OptimizerChoice = choice("optimizer", OPTIMIZERS, AnyOptimizer, default="sgd")

LONGEST_NAME = 100  # characters of a run's name


def _whole(value: Any) -> Any:
    """Convert a float without a fraction, such as 1e4, to an int."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The range comes before the validator, or the JSON Schema would lose it.
Count = Annotated[int, Field(ge=1, le=10**12), BeforeValidator(_whole)]
CountOrZero = Annotated[int, Field(ge=0, le=10**12), BeforeValidator(_whole)]
Units = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(_whole)]
SeedNumber = Annotated[int, Field(ge=0, le=2**63 - 1), BeforeValidator(_whole)]
Share = Annotated[str, Field(pattern=r"^([1-9][0-9]?|100)%$")]
Cell = Annotated[float | str, Either("a number or text")]
Label = Annotated[bool | float | str, Either("text, a number, true or false")]
ColumnNames = Annotated[list[ColumnName], Field(min_length=1)]


class Seeds(Strict):
    """Random seeds; the same seeds repeat a run exactly."""

    data: SeedNumber = Field(0, description="random seed of generated data and of the split")
    training: SeedNumber = Field(0, description="random seed of initial weights, batches and dropout")


def _both_seeds(value: Any) -> Any:
    value = _whole(value)
    return {"data": value, "training": value} if type(value) is int else value


class Function(Strict):
    """Data generated from formulas: inputs uniform in their ranges, targets computed from them."""

    inputs: dict[ColumnName, Annotated[tuple[float, float], Field(strict=False)]] = Field(
        description="name: [low, high], the range of each input", min_length=1
    )
    targets: dict[ColumnName, str] = Field(
        description="name: formula in terms of the inputs, such as q1 + q2**2 - 1", min_length=1
    )
    samples: Count = Field(SAMPLES, description="number of rows to generate")
    noise: float = Field(0.0, ge=0, description="standard deviation of the normal noise added to the targets")


SPELLINGS = list(dict.fromkeys(form for name in BUILTIN for form in (name, name.replace("_", "-"))))


def _builtin(value: str) -> str:
    name = value.replace("-", "_").lower()
    if name not in BUILTIN:
        raise PydanticCustomError("builtin", "no built-in dataset of this name")
    return name


class DatasetConfig(Strict):
    """Source of the rows, and roles of its columns."""

    name: Annotated[str, AfterValidator(_builtin)] | None = Field(
        None, description="name of a built-in dataset", json_schema_extra={"enum": [*SPELLINGS, None]}
    )
    path: str | None = Field(
        None, min_length=1, description="table file; a relative path starts at the config's directory"
    )
    read: ReadConfig = _written({}, "format of the file at `path`, detected unless it is set")
    function: Function | None = Field(None, description="generate rows from formulas")
    columns: ColumnNames | None = Field(None, description="column names of `rows`")
    rows: list[list[Cell]] | None = Field(None, description="rows written in the config", min_length=1)
    inputs: ColumnNames | None = Field(None, description="input columns (default: all except targets and id)")
    exclude: ColumnNames | None = Field(
        None, description="columns to leave out of the inputs (give either inputs or exclude)"
    )
    targets: ColumnNames | None = Field(None, description="target columns")
    id: ColumnName | None = Field(None, description="identifier column, not used as an input")
    task: Literal["auto", "regression", "binary", "multiclass", "multilabel"] = Field(
        "auto", description="kind of task; auto: inferred from the last activation and the targets"
    )
    positive: Label | None = Field(
        None,
        description="positive class of a binary task, to which precision, recall, f1, auc and the probability"
        " refer (default: the second in sorted order)",
    )
    split: SplitConfig = _written({}, "rows held out for validation and test")
    preprocessing: PreprocessingConfig = _written({}, "how cells are converted to numbers")


class LayerConfig(Strict):
    """Dense layer."""

    units: Units = Field(description="number of neurons")
    activation: ActivationChoice = _written("identity", "activation function of the neurons")
    bias: bool = Field(True, description="add a bias to each neuron")
    l1: float = Field(0.0, ge=0, description="L1 penalty: adds l1 times the sum of |w| to the loss")
    l2: float = Field(0.0, ge=0, description="L2 penalty: adds l2 / 2 times the sum of w^2 to the loss")
    dropout: float = Field(0.0, ge=0, lt=1, description="fraction of units dropped in each update")
    weight_init: WeightInit | None = Field(
        None, description="initializer of the weights (default: the network's)"
    )
    bias_init: BiasInit | None = Field(None, description="initializer of the biases (default: the network's)")
    weights: list[Annotated[list[float], Field(min_length=1)]] | None = Field(
        None, description="initial weights, one row per neuron: shape (units, inputs)", min_length=1
    )
    biases: list[float] | None = Field(None, description="initial biases, one per neuron", min_length=1)


def _from_number(key: str, value: Any) -> Any:
    """Let a number stand for a mapping with one key."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {key: value} if is_number else value


def _from_switch(value: Any) -> Any:
    """Let true stand for the defaults, and false for no mapping."""
    if isinstance(value, bool):
        return {} if value else None
    return _from_number("patience", value)


if TYPE_CHECKING:
    Layer: TypeAlias = LayerConfig
else:
    Layer = Annotated[
        LayerConfig,
        BeforeValidator(partial(_from_number, "units"), json_schema_input_type=LayerConfig | Units),
    ]


LAYERS_OR_HIDDEN: JsonDict = {"allOf": [{"anyOf": [{"required": ["layers"]}, {"required": ["hidden"]}]}]}


class NetworkConfig(Strict):
    """Layers from the first hidden layer to the output layer."""

    model_config = ConfigDict(json_schema_extra=LAYERS_OR_HIDDEN)

    hidden: list[Units] | None = Field(
        None,
        max_length=999,
        description="units of the hidden layers; the output layer follows from the targets",
    )
    activation: ActivationChoice | None = Field(
        None, description="activation function of the layers in `hidden` (default: relu)"
    )
    layers: list[Layer] = Field(
        default_factory=list,
        validate_default=False,
        min_length=1,
        max_length=1000,
        description="instead of `hidden`: hidden layers, then the output layer",
    )
    weight_init: WeightInit = _written("glorot_uniform", "initializer of the weights")
    bias_init: BiasInit = _written("zeros", "initializer of the biases")

    @model_validator(mode="after")
    def _has_layers(self) -> Self:
        if not self.layers and self.hidden is None:
            raise PydanticCustomError("no_layers", "no layers")
        return self


class EarlyStoppingConfig(Strict):
    """Early stopping: end training when a metric stops improving."""

    monitor: str | None = Field(
        None, description="history column to watch (default: val_loss, or loss without a validation set)"
    )
    patience: Count = Field(10, description="evaluations without improvement before training ends")
    min_delta: float = Field(0.0, ge=0, description="change that an improvement must exceed")
    restore_best: bool = Field(True, description="keep the weights of the best epoch instead of the last")


class StopWhen(Strict):
    """Condition that ends training at the first epoch that meets it."""

    loss_below: float = Field(description="end training when the training loss of an epoch is below this")


if TYPE_CHECKING:
    EarlyStopping: TypeAlias = EarlyStoppingConfig | None
    Stop: TypeAlias = StopWhen | None
else:
    EarlyStopping = Annotated[
        EarlyStoppingConfig | None,
        BeforeValidator(_from_switch, json_schema_input_type=EarlyStoppingConfig | Count | bool | None),
    ]
    Stop = Annotated[
        StopWhen | None,
        BeforeValidator(partial(_from_number, "loss_below"), json_schema_input_type=StopWhen | float | None),
    ]


class TrainingConfig(Strict):
    """Epochs, batches, stopping and precision."""

    epochs: CountOrZero = Field(1000, description="passes over the training set; 0 saves the initial weights")
    batch_size: Annotated[Literal["full"] | Count, Either("'full' or a whole number of at least 1")] = Field(
        "full", description="rows per update"
    )
    shuffle: bool | None = Field(
        None, description="shuffle the rows in each epoch (default: true, but false if batch_size is full)"
    )
    evaluate_every: Count | None = Field(
        None, description="epochs between evaluations of metrics and validation set (default: 1)"
    )
    early_stopping: EarlyStopping = Field(
        None,
        description="end training when a metric stops improving; a number is the patience (default: off)",
    )
    stop_when: Stop = Field(
        None, description="end training at this condition; a number is loss_below (default: off)"
    )
    log_every: Annotated[
        Count | Share, Either("a whole number of at least 1, or a percentage from 1% to 100%")
    ] = Field("10%", description="epochs between progress lines, as a number or a percentage of all epochs")
    checkpoint_every: float | None = Field(
        None,
        ge=0,
        description="seconds between checkpoints "
        "(default: 5, or 50 times the time to write one if that is longer)",
    )
    threads: Annotated[Literal["auto"] | Count, Either("'auto' or a whole number of at least 1")] = Field(
        "auto",
        description="threads for matrix products; auto: 1, or all CPUs if a layer has 256+ inputs or units",
    )
    dtype: DType = Field(
        "float64", description="precision of parameters, data and gradients; float32 takes half the memory"
    )
    engine: ENGINE = Field(
        "auto",
        description="what computes the updates: numpy, Python code written for a tiny network, or machine "
        "code compiled by numba (needs the extra `fast`); auto: the one estimated to be fastest",
    )


class RecordConfig(Strict):
    """Recording during training: what to save, and how often."""

    history: Literal["auto", "all"] = Field(
        "auto",
        description="epochs recorded; auto: every epoch up to 1,000, every 10th up to 10,000, and so on",
    )
    weights: Literal["auto", "all", "none"] = Field(
        "auto",
        description="snapshots of the weights; auto: every epoch up to 32, every second one up to 64, every "
        "fourth one up to 128, and so on",
    )
    errors: Literal["auto", "all", "none"] = Field(
        "auto",
        description="signed errors of up to 1,000 rows; auto: at the epochs at which weights are recorded by "
        "default",
    )


_Number = Annotated[int | float, Either("a number")]  # an integer stays one
_Bounds = Annotated[tuple[_Number, _Number], Field(strict=False)]
AXIS_FORMS = "a list of values, {uniform: [low, high]} or {log: [low, high]}"


class SweepAxis(Strict):
    """Values of one key that a sweep tries: a list or a range; a range between integers has only integers."""

    values: list[Any] | None = Field(None, description="list of values", min_length=1)
    uniform: _Bounds | None = Field(None, description="[low, high], drawn uniformly")
    log: _Bounds | None = Field(None, description="[low, high], whose logarithm is drawn uniformly")

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if [self.values, self.uniform, self.log].count(None) != 2:
            raise PydanticCustomError("either", AXIS_FORMS)
        return self


def _axis(value: Any) -> Any:
    if isinstance(value, list):
        return {"values": value}
    if isinstance(value, dict):
        return value
    raise PydanticCustomError("either", AXIS_FORMS)


if TYPE_CHECKING:
    AxisChoice: TypeAlias = SweepAxis
else:
    AxisChoice = Annotated[SweepAxis, BeforeValidator(_axis, json_schema_input_type=SweepAxis | list[Any])]


class Values(Strict):
    """Config of a run: data, network, loss and training."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None = Field(
        None, description="name of the run (default: the file name without extension)"
    )
    seed: Annotated[Seeds, BeforeValidator(_both_seeds, json_schema_input_type=Seeds | SeedNumber)] = (
        _written(0, "random seed; the same seed gives the same result")
    )
    dataset: Annotated[
        DatasetConfig,
        BeforeValidator(
            lambda value: {"name": value} if isinstance(value, str) else value,
            json_schema_input_type=DatasetConfig | Literal[tuple(SPELLINGS)],
        ),
    ] = Field(description="source of the rows, and roles of the columns")
    network: NetworkConfig = Field(description="layers and initializers")
    loss: LossChoice = _written(AUTO, "loss to minimize; auto: follows the last activation and the targets")
    metrics: list[Literal[tuple(METRICS)]] | None = Field(  # type: ignore[valid-type]
        None, description="metrics to report besides the loss (default: mse, and accuracy for classes)"
    )
    gradient: GradientChoice = _written("backprop", "how the gradient is computed")
    optimizer: OptimizerChoice = _written("sgd", "how the weights are updated")
    training: TrainingConfig = _written({}, "epochs, batches, stopping, precision")
    record: RecordConfig = _written({}, "what to record during training")
    sweep: dict[str, AxisChoice] | None = Field(
        None,
        description="values that `nncli sweep` tries: a list or a range for each key",
        min_length=1,
    )
