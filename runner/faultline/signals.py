"""Which signals are ours to handle: one that was ignored when the process began stays ignored, as nohup wants it."""

from __future__ import annotations

import signal


def heard(*numbers: signal.Signals) -> tuple[signal.Signals, ...]:
    """Those of them that are not ignored."""
    return tuple(number for number in numbers if signal.getsignal(number) != signal.SIG_IGN)
