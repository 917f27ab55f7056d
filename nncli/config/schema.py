"""The config as models: the one source of validation, defaults, documentation and JSON Schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field
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
from nncli.nn.losses import LOSSES
from nncli.nn.metrics import METRICS
from nncli.nn.optimizers import OPTIMIZERS
from nncli.nn.schedules import SCHEDULES

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
    """A default as a config would write it: the field's type makes it a value."""
    return Field(value, description=description)


ENGINE: Any = Literal[("auto", *ENGINES)]


class AnyOptimizer(Choice):
    """What every optimiser has besides its own options."""

    shared: ClassVar[set[str]] = {"name", "schedule", "clip_norm"}

    schedule: ScheduleChoice = _written("constant", "how the learning rate changes by epoch")
    clip_norm: float | None = Field(
        None,
        gt=0,
        description="longest gradient: one of a larger norm is multiplied by clip_norm / (norm + 1e-6)",
    )


class AnyLoss(Choice):
    """What every loss has besides its own options."""

    shared: ClassVar[set[str]] = {"name", "class_weight"}

    class_weight: (
        Annotated[
            Literal["balanced"] | dict[str, Annotated[float, Field(gt=0)]],
            Either("balanced, or a weight for each class"),
        ]
        | None
    ) = Field(
        None, description="what the rows of each class count for; balanced: as if all were equally frequent"
    )


if TYPE_CHECKING:
    OptimizerChoice: TypeAlias = AnyOptimizer
    LossChoice: TypeAlias = AnyLoss
else:
    LossChoice = choice("loss", LOSSES, AnyLoss)
    OptimizerChoice = choice("optimizer", OPTIMIZERS, AnyOptimizer)

LONGEST_NAME = 100  # characters of a run's name


def _whole(value: Any) -> Any:
    """1e4 is a whole number too."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# The range stands before the validator, or the JSON Schema would lose it.
Count = Annotated[int, Field(ge=1, le=10**12), BeforeValidator(_whole)]
CountOrZero = Annotated[int, Field(ge=0, le=10**12), BeforeValidator(_whole)]
Units = Annotated[int, Field(ge=1, le=100_000), BeforeValidator(_whole)]
SeedNumber = Annotated[int, Field(ge=0, le=2**63 - 1), BeforeValidator(_whole)]
Share = Annotated[str, Field(pattern=r"^([1-9][0-9]?|100)%$")]
Cell = Annotated[float | str, Either("a number or text")]
ColumnNames = Annotated[list[ColumnName], Field(min_length=1)]


class Seeds(Strict):
    """Where randomness starts; equal seeds repeat a run exactly."""

    data: SeedNumber = Field(0, description="for generated data")
    training: SeedNumber = Field(0, description="for initial weights and the order of rows")


def _both_seeds(value: Any) -> Any:
    value = _whole(value)
    return {"data": value, "training": value} if type(value) is int else value


class Function(Strict):
    """Data drawn from formulas: inputs uniform in their ranges, targets computed from them."""

    inputs: dict[ColumnName, Annotated[tuple[float, float], Field(strict=False)]] = Field(
        description="name: [low, high], the range each input is drawn from", min_length=1
    )
    targets: dict[ColumnName, str] = Field(
        description="name: formula of the inputs, such as q1 + q2**2 - 1", min_length=1
    )
    samples: Count = Field(SAMPLES, description="how many rows are drawn")
    noise: float = Field(0.0, ge=0, description="standard deviation of a normal error added to the targets")


SPELLINGS = list(dict.fromkeys(form for name in BUILTIN for form in (name, name.replace("_", "-"))))


def _builtin(value: str) -> str:
    name = value.replace("-", "_")
    if name not in BUILTIN:
        raise PydanticCustomError("builtin", "no built-in dataset of this name")
    return name


class DatasetConfig(Strict):
    """One source of rows, and what its columns mean."""

    name: Annotated[str, AfterValidator(_builtin)] | None = Field(
        None, description="a built-in dataset", json_schema_extra={"enum": [*SPELLINGS, None]}
    )
    path: str | None = Field(
        None, min_length=1, description="a CSV file with a header, relative to the config"
    )
    function: Function | None = Field(None, description="rows drawn from formulas")
    columns: ColumnNames | None = Field(None, description="names of the columns of `rows`")
    rows: list[list[Cell]] | None = Field(None, description="rows written here", min_length=1)
    inputs: ColumnNames | None = Field(
        None, description="input columns; default: all that are neither target nor id"
    )
    targets: ColumnNames | None = Field(None, description="target columns")
    id: ColumnName | None = Field(None, description="a column that names the rows and is not learned")
    task: Literal["auto", "regression", "binary", "multiclass", "multilabel"] = Field(
        "auto", description="auto tells it from the last activation and the targets"
    )
    split: SplitConfig = _written({}, "which rows are held out")
    preprocessing: PreprocessingConfig = _written({}, "how cells become numbers")


class LayerConfig(Strict):
    """A dense layer."""

    units: Units = Field(description="how many neurons")
    activation: ActivationChoice = _written("identity", "what a neuron does with its sum")
    bias: bool = Field(True, description="whether each neuron adds a bias")
    l1: float = Field(0.0, ge=0, description="times the sum of |w| over its weights is added to the loss")
    l2: float = Field(0.0, ge=0, description="times half the sum of w^2 over its weights, likewise")
    dropout: float = Field(0.0, ge=0, lt=1, description="share of the units each update leaves out")
    weight_init: WeightInit | None = Field(None, description="default: that of the network")
    bias_init: BiasInit | None = Field(None, description="default: that of the network")
    weights: list[Annotated[list[float], Field(min_length=1)]] | None = Field(
        None, description="initial weights as numbers, one row per neuron: (units, inputs)", min_length=1
    )
    biases: list[float] | None = Field(None, description="initial biases as numbers", min_length=1)


class NetworkConfig(Strict):
    """Layers from the first hidden one to the output."""

    layers: list[LayerConfig] = Field(
        min_length=1, max_length=1000, description="hidden layers, then the output"
    )
    weight_init: WeightInit = _written("glorot_uniform", "how weights start")
    bias_init: BiasInit = _written("zeros", "how biases start")


class EarlyStoppingConfig(Strict):
    """Ends training once a number has not improved for a while."""

    monitor: str | None = Field(
        None, description="what is watched, as in the history; default: val_loss, or loss without validation"
    )
    patience: Count = Field(10, description="evaluations without improvement after which training ends")
    min_delta: float = Field(0.0, ge=0, description="what an improvement must be more than")
    restore_best: bool = Field(True, description="whether the best weights are kept, or the last")


class StopWhen(Strict):
    """Ends training at the first epoch that meets it."""

    loss_below: float = Field(description="for the loss of an epoch as it was trained")


class TrainingConfig(Strict):
    """How long, and how many rows at a time."""

    epochs: CountOrZero = Field(1000, description="passes over the training rows; 0 keeps the start")
    batch_size: Annotated[Literal["full"] | Count, Either("full or a whole number from 1")] = Field(
        "full", description="rows per update"
    )
    shuffle: bool | None = Field(
        None, description="a new order of rows each epoch; default: true unless batch_size is full"
    )
    evaluate_every: Count | None = Field(
        None, description="epochs between measurements of metrics and validation; default: 1"
    )
    early_stopping: EarlyStoppingConfig | None = Field(
        None, description="ends training once a number no longer improves; default: off"
    )
    stop_when: StopWhen | None = Field(None, description="ends training once this is met; default: off")
    log_every: Annotated[Count | Share, Either("a whole number from 1, or a share from 1% to 100%")] = Field(
        "10%", description="lines on the terminal: every N epochs, or a share of them"
    )
    checkpoint_every: float | None = Field(
        None, ge=0, description="seconds between checkpoints; default: 5, or 50 times what one takes"
    )
    threads: Annotated[Literal["auto"] | Count, Either("auto or a whole number from 1")] = Field(
        "auto",
        description="of matrix products; auto: 1, or all processors from 256 inputs or units in a layer on",
    )
    dtype: DType = Field(
        "float64", description="of parameters, data and gradients; float32 takes half the memory"
    )
    engine: ENGINE = Field("auto", description="what executes the updates; auto: the fastest that can")


class RecordConfig(Strict):
    """What is kept of the way, and how often."""

    history: Literal["auto", "all"] = Field(
        "auto", description="auto: every epoch to 1,000, every 10th to 10,000, and so on"
    )
    weights: Literal["auto", "all", "none"] = Field(
        "auto", description="auto: epochs 0 to 16, then 16 per doubling"
    )
    errors: Literal["auto", "all", "none"] = Field(
        "auto", description="signed error of each row (at most 1,000 rows), as often as auto weights"
    )


class Values(Strict):
    """The config: what is trained, on what, and how."""

    name: Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)] | None = Field(
        None, description="of the run; default: the file's stem"
    )
    seed: Annotated[Seeds, BeforeValidator(_both_seeds, json_schema_input_type=Seeds | SeedNumber)] = (
        _written(0, "start of all randomness")
    )
    dataset: Annotated[
        DatasetConfig,
        BeforeValidator(
            lambda value: {"name": value} if isinstance(value, str) else value,
            json_schema_input_type=DatasetConfig | Literal[tuple(SPELLINGS)],
        ),
    ] = Field(description="where the rows come from")
    network: NetworkConfig = Field(description="the layers and their start")
    loss: LossChoice = _written("mse", "what is minimised")
    metrics: list[Literal[tuple(METRICS)]] | None = Field(  # type: ignore[valid-type]
        None, description="what is reported besides; default: mse, and accuracy for classes"
    )
    gradient: GradientChoice = _written("backprop", "how the gradient is computed")
    optimizer: OptimizerChoice = _written("sgd", "how it moves the weights")
    training: TrainingConfig = _written({}, "how long")
    record: RecordConfig = _written({}, "what is kept of the way")
