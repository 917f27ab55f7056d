"""`python -m nncli`, and the command `nncli`."""

from __future__ import annotations

import signal


def main() -> None:
    """Run the command line."""
    # While modules load there is nothing to save: Ctrl-C ends the process as it ends any other.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from nncli.cli import main

    main()


if __name__ == "__main__":
    main()
