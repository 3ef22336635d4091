"""How this program is called here, so that the commands in our sentences can be copied as they stand."""

import re
import shlex
import shutil
import sys
from pathlib import Path

NAME = "ml-connector"

_COMMAND = re.compile(rf"(?:(?<=`)|(?<=: )){NAME}(?= [a-z])")
"""A command in a sentence stands in back quotes or behind a colon; elsewhere the name means the project."""


def as_called(sentence: str) -> str:
    """Return a sentence with its commands as they have to be typed in this folder."""
    return _COMMAND.sub(lambda found: called(), sentence)


def called() -> str:
    """Return what to type for this program: its name where the shell finds it, else its path from this folder."""
    program = Path(sys.argv[0])
    if program.name != NAME or not program.is_file():
        return NAME
    found = shutil.which(NAME)
    if found is not None and program.samefile(found):
        return NAME
    program, here = program.absolute(), Path.cwd()
    return shlex.quote(str(program.relative_to(here) if program.is_relative_to(here) else program))
