"""Runs: a directory for each training, whole whatever ends it. The one owner of its files and formats.

run          what a run holds, read when asked
store        directories made, found and reopened; owner: one process writes at a time
proof        which files of a directory nncli wrote
recording    a training written down as it goes; record: what is kept of its way
checkpoint   a training as it stands; identity: what it is a training of
weights      the trained network in a file
"""

from nncli.runs.recording import Recording, record
from nncli.runs.run import (
    CHECKPOINT,
    CONFIG,
    ERRORS,
    HISTORY,
    PLOTS,
    RESULTS,
    RUN,
    SNAPSHOTS,
    WEIGHTS,
    Run,
    Snapshots,
    versions,
)
from nncli.runs.store import RUNS, all_runs, create, create_at, find, reopen, require_no_run_file

__all__ = [
    "CHECKPOINT",
    "CONFIG",
    "ERRORS",
    "HISTORY",
    "PLOTS",
    "RESULTS",
    "RUN",
    "RUNS",
    "SNAPSHOTS",
    "WEIGHTS",
    "Recording",
    "Run",
    "Snapshots",
    "all_runs",
    "create",
    "create_at",
    "find",
    "record",
    "reopen",
    "require_no_run_file",
    "versions",
]
