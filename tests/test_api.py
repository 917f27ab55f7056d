from __future__ import annotations

from pathlib import Path

import pytest

import nncli
from nncli.config import Config


def test_plot_refuses_what_the_command_refuses(tmp_path: Path) -> None:
    config = Config.of({"dataset": "iris", "network": {"layers": [{"units": 3, "activation": "softmax"}]}})
    run = nncli.train(config.changed(("training", "epochs"), 2), output=tmp_path / "run")
    for kinds, words in ((["bad"], "no picture 'bad'"), (["parity"], "parity does not fit")):
        with pytest.raises(nncli.NncliError, match=words):
            nncli.plot(run, kinds)
    with pytest.raises(nncli.NncliError, match=r"cannot write '\.jpg' pictures"):
        nncli.plot(run, ["loss"], format="jpg")  # type: ignore[arg-type]
    assert not run.plots.exists() or not any(run.plots.iterdir())
    assert [path.name for path in nncli.plot(run, ["loss"])] == ["loss.svg"]


def test_python_users_train_predict_and_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = Config.of({"dataset": "xor", "network": {"layers": [{"units": 1}]}, "training": {"epochs": 2}})
    run = nncli.train(config)
    assert nncli.open_run().path == run.path
    assert set(run.model.predict(run.experiment.dataset.table)) == {"pred_y"}
    assert sorted(nncli.__all__) == nncli.__all__
    assert all(hasattr(nncli, name) for name in nncli.__all__)
