"""What a config says about its rows: how they are split and how their cells become numbers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nncli.data.encoding import FITTERS
from nncli.data.scaling import FILLS, SCALERS
from nncli.messages.models import Either, Strict

ColumnName = Annotated[str, Field(min_length=1, max_length=200)]


class SplitConfig(Strict):
    """Which rows are held out of training."""

    validation: Annotated[float, Field(ge=0)] = Field(
        0, description="rows measured while training: a share below 1, or their number"
    )
    test: Annotated[float, Field(ge=0)] = Field(
        0, description="rows measured at the end alone: a share below 1, or their number"
    )
    stratify: Annotated[Literal["auto"] | bool, Either("auto, true or false")] = Field(
        "auto",
        description="whether parts have the proportions of the whole; auto: where there are classes",
    )
    column: ColumnName | None = Field(
        None, description="a column whose cells say train, validation or test, instead of the three above"
    )


class ColumnConfig(Strict):
    """What is done with one input column."""

    kind: Literal[tuple(FITTERS)] | None = Field(  # type: ignore[valid-type]
        default=None, description="what its cells are; default: told from them"
    )
    scale: Literal[tuple(SCALERS)] | None = Field(  # type: ignore[valid-type]
        default=None, description="default: that of all columns"
    )
    missing: Literal[tuple(FILLS)] | None = Field(  # type: ignore[valid-type]
        default=None, description="default: that of all columns"
    )
    unseen: Literal["error", "ignore"] | None = Field(
        default=None, description="default: that of all columns"
    )


class PreprocessingConfig(Strict):
    """How cells become numbers, fitted on the training rows alone and kept with the weights."""

    # A filled cell gets the training rows' mean, median or most frequent value (the smallest of several).
    # Booleans and categories get their most frequent value for `mean` and `median` too, and become 0 and 1
    # whatever `scale` says.
    scale: Literal[tuple(SCALERS)] = Field(  # type: ignore[valid-type]
        "none",
        description="of numeric inputs; standard: mean 0 and standard deviation 1, minmax: from 0 to 1",
    )
    encode: Literal["onehot"] = Field(
        "onehot", description="of text categories: an input for each; booleans are 0 and 1"
    )
    missing: Literal[tuple(FILLS)] = Field(  # type: ignore[valid-type]
        "error", description="what an empty input cell becomes; drop leaves its row out"
    )
    unseen: Literal["error", "ignore"] = Field(
        "error", description="a category that no training row has; ignore: 0 in all its inputs"
    )
    scale_targets: Literal[tuple(SCALERS)] = Field(  # type: ignore[valid-type]
        "none", description="of a regression's targets; predictions and metrics stay in their own units"
    )
    columns: dict[ColumnName, ColumnConfig] = Field({}, description="what differs, by input column")

    @property
    def drops(self) -> bool:
        """Whether rows can be left out for a missing value."""
        return "drop" in {self.missing, *(own.missing for own in self.columns.values())}
