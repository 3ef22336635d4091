"""A person at a terminal: runs the installed program on a pseudo-terminal, reads what it shows and types answers."""

import fcntl
import os
import re
import select
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAM = str(Path(sys.executable).with_name("ml-connector"))

LONGEST_SECONDS = 60.0
"""After which a program that does not say or do what is waited for is a failure of the test."""

_STYLING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """The program on a terminal of its own, as a context manager that ends it.

    Args:
        words: the arguments.
        columns: the width of the terminal.
    """

    def __init__(self, *words: str, columns: int = 80) -> None:
        self._mine, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        self._shown = b""
        self._process = subprocess.Popen(
            [PROGRAM, *words],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=os.environ | {"TERM": "xterm-256color"},
            start_new_session=True,
            # The terminal becomes the session's own, so that Ctrl-C typed into it is a signal.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._mine)

    @property
    def shown(self) -> str:
        """What the terminal got so far, without colours and cursor movements."""
        return _STYLING.sub("", self._shown.decode(errors="replace")).replace("\r\n", "\n")

    def wait_for(self, text: str) -> None:
        """Read until the text has been shown."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while text not in self.shown:
            assert self._read(deadline), f"{text!r} was never shown, but:\n{self.shown}"

    def type(self, text: str) -> None:
        """Type something; a line break is the Enter key."""
        os.write(self._mine, text.encode())

    def answer(self, question: str, text: str) -> None:
        """Wait for a question and answer it."""
        self.wait_for(question)
        self.type(f"{text}\n")

    def press_ctrl_c(self) -> None:
        """Interrupt as a person does."""
        self.type("\x03")

    def press_ctrl_c_until(self, text: str) -> int:
        """Interrupt at a question until the program says so, and return its exit code.

        Python loses a Ctrl-C that comes in the instant between showing a question and waiting for the answer; a person
        then presses it again.
        """
        deadline = time.monotonic() + LONGEST_SECONDS
        while text not in self.shown and time.monotonic() < deadline:
            self.press_ctrl_c()
            while text not in self.shown and self._read(time.monotonic() + 5.0):
                pass
        return self.end()

    def end(self) -> int:
        """Read to the end and return the exit code."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while self._read(deadline):
            pass
        return self._process.wait(LONGEST_SECONDS)

    def _read(self, deadline: float) -> bool:
        ready, _, _ = select.select([self._mine], [], [], max(0.0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            some = os.read(self._mine, 65536)
        except OSError:  # how Linux says that the other side is closed
            return False
        self._shown += some
        return bool(some)
