"""The entry point of the `pubsearch` command.

Loading the commands takes a second or more. This module imports only what handles signals
meanwhile.
"""

import re
import signal
import sys

INTERRUPTED, TERMINATED = 130, 143
"""Exit statuses. 130: Ctrl-C. 143: SIGTERM."""
_NO_MEMORY = re.compile("failed to map segment|cannot allocate memory", re.IGNORECASE)
"""Messages of the dynamic loader about missing memory."""


def main(*command: str) -> None:
    """Run the command line. `command` comes before the arguments of the process."""
    try:
        # Python can lose an exception that a signal raises during an import.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            from search_app.cli import commands
        except (SystemError, ImportError) as error:
            # Python can also lose the error of a library that does not fit into the memory.
            if isinstance(error, ImportError) and not _NO_MEMORY.search(str(error)):
                raise
            raise MemoryError from error
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        # Exit by an exception, so that unfinished files are removed.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
        commands.run([*command, *sys.argv[1:]])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except MemoryError:
        sys.exit("pubsearch: there is not enough memory to start")
