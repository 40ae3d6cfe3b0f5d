"""Second processes of a build: each runs functions one after the other, and ends with the build."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class BuildProcess(AbstractContextManager["BuildProcess"]):
    """A second process, which the first call of `submit` starts.

    `multiprocessing` starts it with the `spawn` method. A program that builds as a script therefore
    needs the usual guard (`if __name__ == "__main__"`). The end of the block ends the process. If
    the process was killed, the end of the block raises ChildProcessError.
    """

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        self.close()
        if isinstance(error, BrokenProcessPool):
            message = "a process of the build was killed, perhaps because memory ran out"
            raise ChildProcessError(message) from error

    @property
    def is_started(self) -> bool:
        """Whether `submit` was called."""
        return self._pool is not None

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Call a function of a module in the process, after earlier calls. Return its future.

        The state of the process is set by a first call. Arguments of an initializer that are longer
        than the buffer of a pipe would block the build if the process has died.
        """
        if self._pool:
            return self._pool.submit(function, *args, **kwargs)
        self._pool = ProcessPoolExecutor(1, get_context("spawn"), _end_with_build)
        # The process inherits that Ctrl-C is blocked. The build handles Ctrl-C for both.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return self._pool.submit(function, *args, **kwargs)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def close(self) -> None:
        """End the process to free its memory. Calls that it has not begun are canceled."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)


def _end_with_build() -> None:
    """Exit this process when the build exits.

    If the build is killed, no other code ends this process.
    """
    Thread(target=_end_after, args=(parent_process(),), daemon=True).start()


def _end_after(build: BaseProcess) -> None:
    build.join()
    os._exit(1)
