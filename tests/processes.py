"""Commands as real processes that signals may hit at any instruction."""

from __future__ import annotations

import os

# Without what measures coverage in other processes: its own lock, which a signal's exception may leave
# locked, would stop them for good, and a file size limit its files.
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
