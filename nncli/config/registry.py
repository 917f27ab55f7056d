"""Config models made from the registries of `nn`: a new entry there is a new choice here.

A registry maps a name to a factory; the factory's keyword parameters become the keys beside `name`,
with the range and the description that their annotations give.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from operator import or_
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from pydantic import BeforeValidator, Field, create_model

from nncli.messages.models import Strict, in_case
from nncli.messages.suggestions import nearest

RANGES: dict[str, dict[str, float]] = {
    "": {},
    "> 0": {"gt": 0},
    ">= 0": {"ge": 0},
    "[0, 1)": {"ge": 0, "lt": 1},
}


class Choice(Strict):
    """Entry of a registry with its options."""

    name: str

    shared: ClassVar[set[str]] = {"name"}

    def options(self) -> dict[str, Any]:
        """Return the keyword arguments of the entry's factory."""
        return self.model_dump(exclude=self.shared)


class Shorthand(dict[str, Any]):
    """Mapping that the config gives as a name only, such as `adam` for `{name: adam}`."""


NAMES_OF_NAME = ("type", "class_name", "kind")


def misspelled_name(keys: Sequence[str]) -> str | None:
    """Return the key that is meant as `name`, or None."""
    return next((key for key in keys if key.lower() in NAMES_OF_NAME), None) or nearest("name", keys)


def _from_name(names: Sequence[str], default: str | None, value: Any) -> Any:
    """Write out a shorthand, add the default name, and give the name the case of its entry."""
    if isinstance(value, str):
        return Shorthand(name=in_case(value, names))
    if isinstance(value, dict) and default and not misspelled_name([*map(str, value)]):
        value = {"name": default, **value}
    if isinstance(value, dict) and isinstance(name := value.get("name"), str):
        return {**value, "name": in_case(name, names)}
    return value


def choice(
    kind: str,
    registry: Mapping[str, Callable[..., Any]],
    base: type[Choice] = Choice,
    default: str | None = None,
) -> Any:
    """Make a field type: the name of an entry, or a mapping of `name` and its options.

    Parameters
    ----------
    base : has the keys that all entries share, besides the options of their factories.
    default : the entry of a mapping without `name`; None if the name is required.
    """
    models = [_model(kind, name, factory, base, name == default) for name, factory in registry.items()]
    complete = tuple(name for name, factory in registry.items() if not _required(factory))
    return Annotated[
        reduce(or_, models),
        Field(discriminator="name"),
        BeforeValidator(
            partial(_from_name, list(registry), default),
            json_schema_input_type=reduce(or_, models) | Literal[complete],
        ),
    ]


def _required(factory: Callable[..., Any]) -> list[str]:
    """Return the options without a default."""
    parameters = inspect.signature(factory).parameters.values()
    return [parameter.name for parameter in parameters if parameter.default is inspect.Parameter.empty]


def _model(
    kind: str, name: str, factory: Callable[..., Any], base: type[Choice], is_default: bool
) -> type[Choice]:
    hints = get_type_hints(factory, include_extras=True)
    given: Any = name if is_default else ...
    fields: dict[str, Any] = {"name": (Literal[name], Field(given, description=_first_line(factory)))}
    for option, parameter in inspect.signature(factory).parameters.items():
        default = ... if parameter.default is inspect.Parameter.empty else parameter.default
        hint = hints[option]
        if get_origin(hint) is Annotated:
            type_, range_, meaning = get_args(hint)
            field = partial(Field, description=meaning, **RANGES[range_])
            fields[option] = (type_, field(default))
        else:
            fields[option] = (hint, Field(default, description=f"{option} of the terms"))
    # The shared keys last, where help and messages list them; inherited ones would come first.
    fields |= {key: (field.annotation, field) for key, field in base.model_fields.items() if key != "name"}
    title = "".join(part.capitalize() for part in f"{name}_{kind}".split("_"))
    model = create_model(title, __base__=Choice, __doc__=_first_line(factory), **fields)
    model.shared = base.shared
    return model


def _first_line(factory: Callable[..., Any]) -> str:
    lines = (inspect.getdoc(factory) or "").splitlines()
    return lines[0] if lines else ""  # python -OO leaves docstrings out
