"""Sweeps on a cluster of real processes: the same bits as here, whoever is killed."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import nncli
from nncli.many.cluster import Certificates, Cluster
from nncli.many.pool import Backend, Processes, completed
from nncli.many.sweeps.folder import opened_sweep
from nncli.many.sweeps.plan import SweepOptions, SweepPlan
from nncli.many.sweeps.space import Axis
from nncli.many.sweeps.trial import SweepTrial, TrialTask, as_kept

pytest.importorskip("distributed")

from distributed import Client, Security

from tests.many.dask_cluster import ROOT, DaskCluster, dies

GRID = "optimizer.learning_rate=log:0.001..0.5"
TRIALS = 60
NNCLI = [sys.executable, "-m", "nncli"]


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A cluster with one worker that stays."""
    with DaskCluster(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.worker("stays")
        cluster.wait_for(1)
        yield cluster


def iris(epochs: int = 30, **changes: Any) -> dict[str, Any]:
    return {
        "dataset": {"name": "iris", "split": {"validation": 0.2, "test": 0.2}},
        "network": {"hidden": [8]},
        "metrics": ["accuracy"],
        "optimizer": "adam",
        "training": {"epochs": epochs},
        **changes,
    }


def plan_of(config: dict[str, Any], trials: int | None = TRIALS, grid: str = GRID) -> SweepPlan:
    return SweepPlan.of(
        nncli.Config.of(config, folder=Path.cwd()), [Axis.parse(grid)], SweepOptions(trials=trials)
    )


def trained(plan: SweepPlan, folder: str, where: Backend) -> list[SweepTrial]:
    with opened_sweep(Path(folder), plan.identity) as opened:
        return sorted(plan.trained(opened, where), key=lambda trial: trial.number)


def test_killed_workers_lose_no_result(shared: DaskCluster) -> None:
    victims = [shared.worker(name) for name in ("first", "second")]
    shared.wait_for(3)
    plan, found = plan_of(iris(200)), list[SweepTrial]()
    with opened_sweep(Path("many"), plan.identity) as folder:
        for trial in plan.trained(folder, Cluster(shared.address)):
            found.append(trial)
            if len(found) in (5, 15):
                victims[len(found) // 15].send_signal(signal.SIGKILL)
    assert [victim.wait() for victim in victims] == [-signal.SIGKILL] * 2
    assert len(Path("many/trials.jsonl").read_text().splitlines()) == TRIALS
    assert sorted(found, key=lambda trial: trial.number) == trained(plan, "one", Processes())


def test_a_table_is_sent_to_workers_that_cannot_read_it(shared: DaskCluster) -> None:
    Path("data").mkdir()
    rows = "".join(f"{k},{(k * 7) % 5 + k / 3:.4f},{k % 3}\n" for k in range(40))
    Path("data/d.csv").write_text("x1,x2,y\n" + rows)
    dataset = {"path": "data/d.csv", "targets": "y", "task": "regression", "split": {"validation": 8}}
    plan = plan_of(iris(dataset=dataset, metrics=[]), None, "seed.data=1,2,3")
    expected = trained(plan, "one", Processes())
    assert {trial.status for trial in expected} == {"finished"}
    assert trained(plan, "many", Cluster(shared.address)) == expected


def sweep_command(address: str, *options: str, epochs: int = 300) -> list[str]:
    """A sweep of the config of `iris` at the terminal, in the directory `s`."""
    Path("iris.json").write_text(json.dumps(iris(epochs)))
    words = ["sweep", "iris.json", "--grid", GRID, "--trials", str(TRIALS), "-o", "s", "--cluster", address]
    return [*NNCLI, *words, *options]


def lines() -> list[str]:
    file = Path("s/trials.jsonl")
    return file.read_text().splitlines() if file.exists() else []


def stopped(
    command: Sequence[str], stop: signal.Signals, process: subprocess.Popen[bytes] | None = None
) -> tuple[int, str]:
    """Start a sweep, send a signal to it or another process after some trials; return its end."""
    begun = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while len(lines()) < 5 and time.monotonic() < deadline:
        time.sleep(0.02)
    (process or begun).send_signal(stop)
    _, err = begun.communicate(timeout=30)
    return begun.returncode, err


def run(command: Sequence[str]) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def require_same_as_here() -> None:
    """The sweep in the directory `s` holds each trial once, with the bits of one process."""
    found = sorted((json.loads(line) for line in lines()), key=lambda trial: trial["number"])
    expected = trained(plan_of(iris(300)), "one", Processes())
    assert found == [as_kept(trial) for trial in expected]


def test_a_killed_command_continues(shared: DaskCluster) -> None:
    command = sweep_command(shared.address)
    assert stopped(command, signal.SIGKILL)[0] == -signal.SIGKILL
    kept = lines()
    assert 5 <= len(kept) < TRIALS
    code, err = run(command)
    assert code == 0
    assert err.splitlines()[0] == f"s already holds {len(kept)} of {TRIALS} trials"
    assert lines()[: len(kept)] == kept
    require_same_as_here()


def test_ctrl_c_keeps_finished_trials_and_cancels_the_others(shared: DaskCluster) -> None:
    code, err = stopped(sweep_command(shared.address, "-q"), signal.SIGINT)
    assert code == 128 + signal.SIGINT
    assert err == (
        f"interrupted after {len(lines())} of {TRIALS} trials; saved to s. Repeat the command to continue\n"
    )
    with Client(shared.address, set_as_default=False) as client:
        deadline = time.monotonic() + 5
        while tasks(client) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert tasks(client) == 0


def tasks(client: Client) -> int:
    return int(client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)))


def test_a_lost_scheduler_is_one_clear_message(tmp_path: Path) -> None:
    with DaskCluster(tmp_path / "cluster") as cluster:
        cluster.worker("only")
        cluster.wait_for(1)
        command = sweep_command(cluster.address, "-q")
        code, err = stopped(command, signal.SIGKILL, cluster.processes["scheduler"])
    assert code == 2
    assert err.splitlines()[0].startswith(f"error: lost the scheduler at {cluster.address}")
    assert err.splitlines()[1:] == ["hint: finished trials are kept; repeat the command to train the others"]
    assert 5 <= len(lines()) < TRIALS


def test_a_task_that_kills_its_workers_is_given_up_and_no_other(tmp_path: Path) -> None:
    words = ["one", "two", "die", "three", "four", "five"]
    sent = {number: TrialTask({"dataset": {}, "says": word}, "") for number, word in enumerate(words)}
    with DaskCluster(tmp_path / "cluster") as cluster:
        cluster.worker("first", nanny=True)
        cluster.wait_for(1)
        found = dict(completed(dies, iter(sent.items()), len(sent), Cluster(cluster.address)))
    assert found == {number: None if word == "die" else word for number, word in enumerate(words)}


def test_an_error_of_a_worker_is_one_clear_message(shared: DaskCluster) -> None:
    sent = {1: TrialTask({"dataset": {}, "says": "fail"}, "")}
    with pytest.raises(nncli.NncliError, match=r"^worker tcp://.* failed: OSError: disk full$"):
        dict(completed(dies, iter(sent.items()), len(sent), Cluster(shared.address)))


def test_a_worker_of_another_version_is_refused(shared: DaskCluster, tmp_path: Path) -> None:
    with other_nncli(shared, tmp_path, "0.0.9", "old"):
        code, err = run(sweep_command(shared.address))
    assert code == 2
    assert "has nncli 0.0.9, and this machine 0.1.0" in err
    assert "install nncli 0.1.0 on every worker" in err
    assert not lines()


def test_a_worker_of_another_version_that_joins_later_is_refused(shared: DaskCluster, tmp_path: Path) -> None:
    plan = plan_of(iris(2000))
    with opened_sweep(Path("s"), plan.identity) as folder:
        found = plan.trained(folder, Cluster(shared.address))
        next(found)
        with (
            other_nncli(shared, tmp_path, "0.0.9", "late"),
            pytest.raises(nncli.NncliError, match=r"has nncli 0\.0\.9, and this machine 0\.1\.0"),
        ):
            list(found)


def test_a_worker_without_nncli_is_refused(shared: DaskCluster, tmp_path: Path) -> None:
    with other_nncli(shared, tmp_path, "", "empty"):
        code, err = run(sweep_command(shared.address))
    assert code == 2
    assert "error: nncli is not installed on worker tcp://127.0.0.1:" in err
    assert "install nncli 0.1.0 on every worker" in err


@contextmanager
def other_nncli(cluster: DaskCluster, folder: Path, version: str, name: str) -> Iterator[None]:
    """A worker beside the others that finds another version of nncli, or none."""
    if version:
        shutil.copytree(ROOT / "nncli", folder / "path/nncli")
        (folder / "path/nncli/version.py").write_text(f'VERSION = "{version}"')
    else:
        (folder / "path").mkdir()
        (folder / "path/nncli.py").write_text("raise ModuleNotFoundError(name='nncli')")
    worker = cluster.worker(name, path=folder / "path")
    cluster.wait_for(2)
    yield
    worker.kill()
    worker.wait()
    cluster.wait_for(1)


def test_without_workers_the_command_waits_and_then_gives_up(tmp_path: Path) -> None:
    notes: list[str] = []
    with DaskCluster(tmp_path / "cluster") as cluster:
        where = Cluster(cluster.address, note=notes.append, patience=0.3)
        with pytest.raises(nncli.NncliError, match=r"no worker has joined .* within 0.3 s") as refused:
            trained(plan_of(iris(), 2), "s", where)
    assert notes == [f"waiting for workers of {cluster.address}"]
    assert f"dask worker {cluster.address}" in str(refused.value.hint)


@pytest.mark.parametrize(
    ("address", "options", "words"),
    [
        ("tcp://127.0.0.1:1", [], "no scheduler answers at tcp://127.0.0.1:1"),
        ("foo", [], "--cluster foo: not the address of a scheduler"),
        ("http://127.0.0.1:8786", [], "--cluster http://127.0.0.1:8786: not the address of a scheduler"),
        ("tcp://127.0.0.1", [], "--cluster tcp://127.0.0.1: not the address of a scheduler"),
        ("tcp://127.0.0.1:1", ["--workers", "1"], "--workers and --cluster cannot be combined"),
        ("tls://127.0.0.1:1", [], "tls://127.0.0.1:1 needs certificates"),
        ("tls://127.0.0.1:1", ["--tls-ca", "a"], "--tls-ca, --tls-cert and --tls-key need each other"),
        (
            "tls://127.0.0.1:1",
            ["--tls-ca", "a", "--tls-cert", "b", "--tls-key", "c"],
            "a: No such file or directory",
        ),
        (
            "tcp://127.0.0.1:1",
            ["--tls-ca", "a", "--tls-cert", "b", "--tls-key", "c"],
            "tcp://127.0.0.1:1 does not use certificates",
        ),
    ],
)
def test_clusters_that_cannot_be_used_are_refused(address: str, options: list[str], words: str) -> None:
    began = time.monotonic()
    code, err = run(sweep_command(address, *options))
    assert time.monotonic() - began < 10
    assert code == 2
    assert err.startswith(f"error: {words}")
    assert err.splitlines()[1].startswith("hint: ")
    assert "Traceback" not in err


def certificate(name: str, authority: str | None = None) -> list[str]:
    """Make a private key and a certificate, signed by an authority or by itself."""
    words = ["-addext", "basicConstraints=critical,CA:TRUE"]
    if authority:
        words = ["-CA", f"{authority}.pem", "-CAkey", f"{authority}.key"]
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", f"{name}.key"]
    command = ["openssl", "req", "-x509", *key, "-out", f"{name}.pem", "-subj", f"/CN={name}", *words]
    subprocess.run(command, check=True, capture_output=True)
    return [str(Path(f"{name}.{end}").absolute()) for end in ("pem", "key")]


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_tls_with_certificates_and_no_others(tmp_path: Path) -> None:
    (authority, _), (ours, key) = certificate("authority"), certificate("ours", "authority")
    certificate("stranger")
    with pytest.raises(nncli.NncliError, match=r"cannot be used: KEY_VALUES_MISMATCH"):
        Cluster("tls://a:1", Certificates(Path(authority), Path(ours), Path("stranger.key")))
    security = Security(tls_ca_file=authority, tls_client_cert=ours, tls_client_key=key)
    options = ["--tls-ca-file", authority, "--tls-cert", ours, "--tls-key", key]
    words = ["--tls-ca", authority, "--tls-cert", ours, "--tls-key", key]
    with DaskCluster(tmp_path / "cluster", scheme="tls", options=options, security=security) as cluster:
        cluster.worker("only")
        cluster.wait_for(1)
        strange = Certificates(Path(authority), Path("stranger.pem"), Path("stranger.key"))
        with pytest.raises(nncli.NncliError, match=f"^no scheduler answers at {cluster.address}"):
            trained(plan_of(iris(), 2), "t", Cluster(cluster.address, strange))
        assert run(sweep_command(cluster.address, *words, "-q")) == (0, "")
    require_same_as_here()


@pytest.mark.skipif(
    platform.machine() != "x86_64", reason="chooses products of matrices of another processor"
)
def test_a_worker_with_another_processor_gives_a_remark_and_no_error(tmp_path: Path) -> None:
    config = iris(5, network={"hidden": [64]})
    path = tmp_path / "cluster"
    with DaskCluster(path, environment={"OPENBLAS_CORETYPE": "Prescott"}) as cluster:
        cluster.worker("only")
        cluster.wait_for(1)
        plan = plan_of(config, 2)
        far = trained(plan, "s", Cluster(cluster.address))
    if far == trained(plan, "one", Processes()):
        pytest.skip("this processor rounds as the other one does")
    with opened_sweep(Path("s"), plan.identity) as folder:
        found = plan.outcome(far, folder)
        assert "s/best: trained again on this machine, whose processor rounds differently" in found.remark
        wrong = [replace(trial, metrics={"val_loss": 1.01 * trial.metrics["val_loss"]}) for trial in far]
        with pytest.raises(nncli.NncliError, match="again gave other weights"):
            plan.outcome(wrong, folder)


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def hosts() -> Iterator[list[str]]:
    """Two network namespaces that reach each other as 10.253.0.1 and 10.253.0.2, as two hosts do."""
    names = [f"nncli{os.getpid()}{end}" for end in "ab"]
    try:
        ip("netns", "add", names[0])
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("network namespaces are not permitted")
    try:
        ip("netns", "add", names[1])
        ip("-n", names[0], "link", "add", "veth0", "type", "veth", "peer", "veth1", "netns", names[1])
        for place, name in enumerate(names):
            ip("-n", name, "address", "add", f"10.253.0.{place + 1}/24", "dev", f"veth{place}")
            ip("-n", name, "link", "set", f"veth{place}", "up")
            ip("-n", name, "link", "set", "lo", "up")
        yield names
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def test_hosts_that_share_a_network_and_no_folder(
    hosts: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    here, there = (["ip", "netns", "exec", name] for name in hosts)
    rows = "".join(f"{k},{(k * 7) % 5 + k / 3:.4f},{k % 3}\n" for k in range(40))
    Path("d.csv").write_text("x1,x2,y\n" + rows)
    dataset = {"path": "d.csv", "targets": "y", "task": "regression", "split": {"validation": 8}}
    Path("d.json").write_text(json.dumps(iris(dataset=dataset, metrics=[])))
    command = [*NNCLI, "sweep", "d.json", "--grid", "seed.data=1,2,3,4,5,6", "-o"]
    hidden = ["unshare", "-m", "sh", "-c", f'mount -t tmpfs none {Path.cwd()} && exec "$@"', "sh"]
    folder = tmp_path_factory.mktemp("hosts")
    with DaskCluster(folder, host="10.253.0.1", port=8786, prefix=here) as cluster:
        cluster.worker("far", prefix=[*there, *hidden])
        assert run([*here, *command, "many", "--cluster", cluster.address])[0] == 0
    assert run([*command, "one"]) == (0, "")
    both = [sorted(Path(name, "trials.jsonl").read_text().splitlines()) for name in ("one", "many")]
    assert both[0] == both[1]


def test_a_cluster_that_all_workers_leave_is_given_up(tmp_path: Path) -> None:
    notes: list[str] = []
    with DaskCluster(tmp_path / "cluster") as cluster:
        worker = cluster.worker("only")
        cluster.wait_for(1)
        where, plan = Cluster(cluster.address, note=notes.append, patience=0.5), plan_of(iris(300))
        with opened_sweep(Path("s"), plan.identity) as opened:
            trials = plan.trained(opened, where)
            next(trials)
            worker.kill()
            with pytest.raises(nncli.NncliError, match=f"^all workers of {cluster.address} have left$"):
                list(trials)
    assert notes == [f"all workers of {cluster.address} have left; waiting for others"]
    assert 1 <= len(lines()) < TRIALS
