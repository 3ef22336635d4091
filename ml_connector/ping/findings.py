"""What a check-up says: findings, and how bad they are."""

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is: ``stop`` means that a sync would fail."""

    OK = "ok"
    NOTE = "note"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check-up: the system, what was looked at, how it stands, and a sentence."""

    system: str
    subject: str
    level: Level
    message: str
