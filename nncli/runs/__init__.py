"""Runs: one directory per training, consistent however training ends. Only this room knows its files.

run          reads a run: its config, history, weights and results
store        creates, finds and reopens run directories; owner: lets one process at a time write
proof        finds out which files of a directory were written by nncli
recording    saves a training while it runs; record: the history and snapshots in memory
checkpoint   the state from which a training resumes; identity: the config and data that it belongs to
weights      the trained network in a file
ensemble     the networks of several seeds in one directory, which predict together
threshold    the stored threshold of the positive class
"""

from nncli.runs.ensemble import EnsembleRun
from nncli.runs.recording import Recording, record
from nncli.runs.run import (
    CHECKPOINT,
    CONFIG,
    ERRORS,
    HISTORY,
    PLOTS,
    REPORT,
    RESULTS,
    RUN,
    SNAPSHOTS,
    THRESHOLD,
    WEIGHTS,
    Run,
    Snapshots,
    versions,
)
from nncli.runs.store import (
    RUNS,
    all_runs,
    create,
    create_at,
    create_ensemble_at,
    exists,
    find,
    find_ensemble,
    reopen,
    require_no_run_file,
)
from nncli.runs.threshold import StoredThreshold, read_threshold, store_threshold

__all__ = [
    "CHECKPOINT",
    "CONFIG",
    "ERRORS",
    "HISTORY",
    "PLOTS",
    "REPORT",
    "RESULTS",
    "RUN",
    "RUNS",
    "SNAPSHOTS",
    "THRESHOLD",
    "WEIGHTS",
    "EnsembleRun",
    "Recording",
    "Run",
    "Snapshots",
    "StoredThreshold",
    "all_runs",
    "create",
    "create_at",
    "create_ensemble_at",
    "exists",
    "find",
    "find_ensemble",
    "read_threshold",
    "record",
    "reopen",
    "require_no_run_file",
    "store_threshold",
    "versions",
]
