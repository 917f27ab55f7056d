"""`python -m nncli`, and the command `nncli`."""

from __future__ import annotations

import gc
import os
import signal


def main() -> None:
    """Run the command line."""
    # Loading creates many objects and little garbage: fewer collections save 6 % of `nncli train xor.yaml`.
    gc.set_threshold(50_000)
    # Looking for plugins of pydantic, of which nncli uses none, takes 10 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # While modules load there is nothing to save: Ctrl-C ends the process as it ends any other.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from nncli.cli import main

    main()


if __name__ == "__main__":
    main()
