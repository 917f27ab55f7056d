"""Keys of a config whose values differ from the defaults."""

from __future__ import annotations

from pathlib import Path

from nncli.config import Config
from nncli.training.experiment import Experiment
from nncli.training.spelling import spelled_out

SOURCE = ("name", "path", "function", "columns", "rows", "targets")  # of the data; none has a default


def set_keys(config: Config, experiment: Experiment) -> dict[str, list[str]]:
    """Return the keys that were set to another value than the default, by the first key of the config.

    A first key without keys below it is listed with an empty list.
    """
    values = config.resolved(Path())
    source = {key: value for key, value in values["dataset"].items() if key in SOURCE}
    layers = [
        {"units": layer["units"], "activation": layer["activation"]} for layer in values["network"]["layers"]
    ]
    plain = Config.of({"dataset": source, "network": {"layers": layers}}, folder=config.folder)
    defaults = spelled_out(plain, experiment.rows.whole).resolved(Path())
    found = {"dataset": [*source], "network": ["layers"]}
    for key, value in values.items():
        if not isinstance(value, dict):
            if value != defaults.get(key):
                found[key] = []
            continue
        differing = [name for name, each in value.items() if each != defaults.get(key, {}).get(name)]
        if differing:
            found[key] = sorted({*found.get(key, ()), *differing})
    return found
