"""Whether a process on this machine has ended."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec

from indexer.cluster import process
from indexer.cluster.process import Process


def test_a_running_process_has_not_ended() -> None:
    """This process runs, and so does a child, until it is killed: also before it is waited for."""
    this = process.identify_this()
    assert this.pid == os.getpid()
    assert not process.has_ended(this)
    program = "from indexer.cluster import process; import msgspec, time\n"
    program += "print(msgspec.json.encode(process.identify_this()).decode(), flush=True)\n"
    program += "time.sleep(600)\n"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        assert child.stdout
        started = msgspec.json.decode(child.stdout.readline(), type=Process)
        assert started.place == this.place
        assert not process.has_ended(started)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert process.has_ended(started)
    assert process.has_ended(started)


def test_a_later_process_with_the_same_number_is_another_one() -> None:
    """A process that started at another time has ended, although its number is in use."""
    this = process.identify_this()
    assert process.has_ended(msgspec.structs.replace(this, start="1"))


def test_the_processes_of_other_machines_are_not_known() -> None:
    """Neither a process elsewhere nor one of an unknown place is known to have ended."""
    for place in ("another machine", ""):
        assert not process.has_ended(Process(place, 1 << 22, "1"))
