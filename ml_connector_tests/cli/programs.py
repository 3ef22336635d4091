"""Programs that run until they are interrupted: started with pipes, and gone with all they started afterwards."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil  # type: ignore[import-untyped]

from ml_connector_tests.cli.terminal import LONGEST_SECONDS, PROGRAM

Started = subprocess.Popen[str]


def started(*words: str) -> Started:
    """Start the program with pipes, in a session of its own."""
    return subprocess.Popen(
        [PROGRAM, *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@contextmanager
def program(*words: str) -> Iterator[Started]:
    """Run the program; whatever the test does, it and all it started are gone afterwards."""
    process = started(*words)
    family = psutil.Process(process.pid)
    try:
        yield process
    finally:
        for member in [*family.children(recursive=True), family] if family.is_running() else []:
            member.kill()
        process.communicate(timeout=LONGEST_SECONDS)


def next_document(process: Started) -> dict[str, Any]:
    """Read one JSON document from a program that goes on."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        if line == "}\n":
            break
    document: dict[str, Any] = json.loads(text)
    return document
