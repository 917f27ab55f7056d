"""`nncli schema`: the JSON schema of a config."""

from __future__ import annotations

import json

from nncli.config import Config
from tests.cli.conftest import Command


def test_schema_is_the_json_schema_of_the_config(nncli: Command) -> None:
    schema = json.loads(nncli("schema").out)
    assert schema["$schema"].endswith("2020-12/schema")
    assert set(schema["properties"]) == set(Config.model_fields)
