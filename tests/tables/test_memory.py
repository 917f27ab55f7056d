"""Files that would take more memory than there is are refused, and quickly."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from nncli.config import Config, load_config
from nncli.messages.errors import NncliError
from nncli.tables.reading import read
from nncli.training.experiment import build
from tests.golden import Golden, reported

from ..config.endings import assert_clean

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="memory is limited as Linux does it")

SPARE = 200_000_000  # bytes, beyond what the libraries take


@pytest.fixture
def little_memory() -> Iterator[None]:
    """No more memory for this process than it has, but for a little."""
    resource = pytest.importorskip("resource")
    build(Config.of({"dataset": "xor", "network": {"layers": [{"units": 1}]}}))  # loads all that is used
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + SPARE, hard))
    yield
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


SOUND = "dataset: xor\nnetwork: {layers: [{units: 1}]}\n"
FUNCTION = "dataset: {{function: {{inputs: {{q: [0, 1]}}, targets: {{y: {0}}}, samples: {1}}}}}\n"
ONE_UNIT = "network: {layers: [{units: 1}]}\n"

TOO_MUCH = {
    "an alias bomb": "a0: &a0 [1, 1]\n"
    + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 45)),
    "brackets without end": "dataset: " + "[" * 900_000,
    "a file without end": "\n" * 10_000_000,
    "rows without end": "dataset: {columns: [x, y], targets: [y], rows: [&r [1, 2], "
    + "*r, " * 110_000
    + "]}\n"
    + ONE_UNIT,
    "samples without end": FUNCTION.format("q", "1e12") + ONE_UNIT,
    "a tower of powers": FUNCTION.format("9**9**9**9", 10) + ONE_UNIT,
    "a formula without end": FUNCTION.format("+".join(["q"] * 50_000), 10) + ONE_UNIT,
    "units without end": "dataset: xor\nnetwork: {layers: [{units: 100000}, {units: 100000}, {units: 1}]}\n",
    "layers without end": "dataset: xor\nnetwork: {layers: [" + "{units: 100000}, " * 999 + "{units: 1}]}\n",
    "a number without end": f"{SOUND}seed: {'1' * 900_000}\n",
    "a table without end": "dataset: {path: endless.csv, targets: [y]}\n" + ONE_UNIT,
    "a table whose cells are larger than memory": "dataset: {path: full.csv, targets: [y]}\n" + ONE_UNIT,
    "a table of 2 GB": "dataset: {path: huge.csv, targets: [y]}\n" + ONE_UNIT,
    "samples larger than memory": FUNCTION.format("q", 50_000_000) + ONE_UNIT,
    "units larger than memory": (
        "dataset: xor\nnetwork: {layers: [{units: 9000}, {units: 9000}, {units: 1}]}\n"
    ),
    "a table larger than memory": "dataset: {path: large.csv, targets: [y]}\n" + ONE_UNIT,
}


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize("text", TOO_MUCH.values(), ids=TOO_MUCH)
def test_what_would_eat_the_memory_is_refused_before_it_does(
    golden: Golden, tmp_path: Path, text: str
) -> None:
    (tmp_path / "c.yaml").write_text(text)
    (tmp_path / "endless.csv").symlink_to("/dev/zero")
    for name, size in {"large.csv": 900_000_000, "huge.csv": 2_000_000_000}.items():
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)  # takes no room on the disk
    if "full.csv" in text:
        (tmp_path / "full.csv").write_bytes(b"x,y\n" + b"1,2\n" * 10_000_000)
    with pytest.raises(NncliError) as caught:
        build(load_config(tmp_path / "c.yaml"))
    assert_clean(caught.value, text)
    golden.check(reported(caught.value).replace(f"{tmp_path}/", ""))


@pytest.mark.usefixtures("little_memory")
def test_a_small_table_needs_little_memory(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,2\n")
    assert read(tmp_path / "t.csv", "t").numbers("y").tolist() == [2.0]
