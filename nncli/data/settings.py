"""Config of the split and of preprocessing."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from nncli.data.encoding import FITTERS
from nncli.data.scaling import FILLS, SCALERS
from nncli.messages.models import Either, Strict


def _fraction_or_rows(value: float) -> float:
    if value > 1 and value != int(value):
        raise PydanticCustomError("either", SET_SIZES)
    return value


SET_SIZES = "a fraction below 1, or a whole number of rows"
SetSize = Annotated[
    float,
    Field(ge=0),
    AfterValidator(_fraction_or_rows),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
                {"type": "integer", "minimum": 0},
            ],
            "examples": [0.2],
        }
    ),
]
ColumnName = Annotated[str, Field(min_length=1, max_length=200)]


class SplitConfig(Strict):
    """Rows held out of training."""

    validation: SetSize = Field(
        0, description="validation set, evaluated during training: a fraction below 1, or a number of rows"
    )
    test: SetSize = Field(
        0, description="test set, evaluated after training: a fraction below 1, or a number of rows"
    )
    stratify: Annotated[Literal["auto"] | bool, Either("auto, true or false")] = Field(
        "auto",
        description="keep the proportions of the classes in each set; auto: if there are classes",
    )
    column: ColumnName | None = Field(
        None, description="column with the values train, validation or test, instead of the three keys above"
    )


class ColumnConfig(Strict):
    """Preprocessing of one input column."""

    kind: Literal[tuple(FITTERS)] | None = Field(  # type: ignore[valid-type]
        default=None, description="kind of the values (default: detected)"
    )
    scale: Literal[tuple(SCALERS)] | None = Field(  # type: ignore[valid-type]
        default=None, description="scaling (default: as for all columns)"
    )
    missing: Literal[tuple(FILLS)] | None = Field(  # type: ignore[valid-type]
        default=None, description="missing values (default: as for all columns)"
    )
    unseen: Literal["error", "ignore"] | None = Field(
        default=None, description="unknown categories (default: as for all columns)"
    )


class PreprocessingConfig(Strict):
    """Conversion of cells to numbers, fitted on the training set only and saved with the weights."""

    # A filled cell gets the training rows' mean, median or most frequent value (the smallest of several).
    # Booleans and categories get their most frequent value for `mean` and `median` too, and become 0 and 1
    # whatever `scale` says.
    scale: Literal[tuple(SCALERS)] = Field(  # type: ignore[valid-type]
        "none",
        description="scaling of numeric inputs; standard: mean 0, standard deviation 1; minmax: from 0 to 1",
    )
    encode: Literal["onehot"] = Field(
        "onehot", description="encoding of categories; onehot: one input per category. Booleans are 0 and 1"
    )
    missing: Literal[tuple(FILLS)] = Field(  # type: ignore[valid-type]
        "error", description="replacement of missing input values; drop removes the row"
    )
    unseen: Literal["error", "ignore"] = Field(
        "error",
        description="categories that are not in the training set; ignore: 0 in all inputs of the column",
    )
    scale_targets: Literal[tuple(SCALERS)] = Field(  # type: ignore[valid-type]
        "none", description="scaling of regression targets; predictions and metrics keep the original units"
    )
    columns: dict[ColumnName, ColumnConfig] = Field(
        {}, description="settings of single columns, which replace those above"
    )
