"""How much memory and CPU a first load takes, and whether both stay flat: a believable company, ever bigger.

The bigger company has contacts, suppliers, shared mailboxes and bad data as a real one has.
"""

from bench.figures import Figure, at_most, seconds_here, shown
from bench.job import JobReport
from bench.trial import trial
from bench.works import PortalSettings

PEAK_MB = 700.0
CPU_MS = 1.0
PART = 5
"""The smaller company is so many times smaller."""

FLAT_BYTES = 1_000.0
"""Memory that one more record may cost: its keys, in the sets that keep it from coming twice, but not its values."""


def size(customers: int) -> list[Figure]:
    """Load two companies, one several times the size of the other, each in its first window."""
    small, big = (_load(count) for count in (customers // PART, customers))
    growth = (big.peak_mb - small.peak_mb) * 1024 * 1024 / max(1, big.records - small.records)
    return [
        shown("f", f"{customers:,} customers: companies, contacts and links read", _read(big)),
        at_most("f", "peak memory of the run process", round(big.peak_mb, 1), PEAK_MB, " MB"),
        at_most(
            "f", f"memory for each record more than {small.records:,}", round(growth, 1), FLAT_BYTES, " bytes"
        ),
        at_most(
            "f",
            "CPU for each company or contact",
            1000 * big.cpu_seconds / max(1, big.records),
            CPU_MS,
            " ms",
        ),
        seconds_here("f", "the whole run", big.seconds, ""),
        shown(
            "f",
            "step with the highest memory",
            max(big.peaks, key=lambda step: big.peaks[step], default="none"),
        ),
    ]


def _load(customers: int) -> JobReport:
    with trial(PortalSettings(customers=customers)) as here:
        return here.load()


def _read(report: JobReport) -> str:
    return ", ".join(f"{counts['read']:,}" for counts in report.entities.values())
