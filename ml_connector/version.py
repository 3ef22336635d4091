"""Which version of this package runs."""

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as version_of


def version() -> str | None:
    """Return the installed version such as ``0.1.0``; None where the package runs without being installed."""
    try:
        return version_of("ml-connector")
    except PackageNotFoundError:
        return None
