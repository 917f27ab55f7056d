from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nncli import runs
from nncli.messages.errors import RunError
from nncli.runs import Run, weights
from nncli.storage import npz
from tests.trained import record


def test_digest_is_the_one_documented(run: Run) -> None:
    with np.load(run.path / runs.WEIGHTS, allow_pickle=False) as archive:
        total = hashlib.sha256()
        for name in sorted(set(archive.files) - {"digest"}):
            array = archive[name]
            total.update(f"{name} {array.dtype.str} {array.shape}\n".encode() + array.tobytes())
        assert archive["digest"].tobytes() == total.digest()


def test_equal_arrays_give_equal_bytes_whatever_the_clock(tmp_path: Path, run: Run) -> None:
    again = record(tmp_path / "again")
    for file in (runs.WEIGHTS, runs.SNAPSHOTS, runs.HISTORY, runs.RESULTS, runs.CONFIG):
        assert (run.path / file).read_bytes() == (again.path / file).read_bytes()
    with zipfile.ZipFile(run.path / runs.WEIGHTS) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}


def test_every_flipped_bit_of_a_small_model_is_noticed_or_harmless(run: Run) -> None:
    file = run.path / runs.WEIGHTS
    content, truth = file.read_bytes(), run.model.parameters
    rng = np.random.default_rng(0)
    refused = 0
    for position in rng.choice(len(content), 300, replace=False):
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(rng.integers(8))
        file.write_bytes(damaged)
        try:
            assert np.array_equal(weights.read_model(file).parameters, truth)
        except RunError:
            refused += 1
    assert refused > 200


@pytest.mark.parametrize("length", [0, 1, 100, 1000])
def test_truncated_model_is_refused(run: Run, length: int) -> None:
    file = run.path / runs.WEIGHTS
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(RunError, match="damaged"):
        weights.read_model(file)


def test_pickled_member_is_never_loaded(tmp_path: Path) -> None:
    file = tmp_path / "weights.npz"
    np.savez(file, header=np.array([{"a": 1}], dtype=object), digest=np.zeros(32, np.uint8))
    with pytest.raises(RunError, match="damaged, or not written by nncli"):
        weights.read_model(file)


def test_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"a\.npz: No such file or directory"):
        npz.read_npz(tmp_path / "a.npz")
