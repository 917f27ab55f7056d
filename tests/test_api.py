from __future__ import annotations

from pathlib import Path

import pytest

import nncli
from nncli.config import Config


def test_python_users_train_predict_and_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.of({"dataset": "xor", "network": {"layers": [{"units": 1}]}, "training": {"epochs": 2}})
    run = nncli.train(config)
    assert nncli.open_run().path == run.path
    assert set(run.model.predict(run.experiment.dataset.table)) == {"pred_y"}
    assert sorted(nncli.__all__) == nncli.__all__
    assert all(hasattr(nncli, name) for name in nncli.__all__)
