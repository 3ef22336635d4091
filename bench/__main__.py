"""``python -m bench``: choose works and candidates, measure, print and store the table."""

import argparse
import sys
from datetime import UTC, datetime

from bench.candidates import CANDIDATES
from bench.measure import ROOT, Measurement, measure
from bench.report import show, store
from bench.works import all_works


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--works", default="", help="such as W1,W10; all without it")
    parser.add_argument("--candidates", default="", help="such as connector,official; all without it")
    parser.add_argument("--rows", type=int, default=10_000, help="companies in the big works (10000)")
    return parser.parse_args()


def main() -> int:
    """Measure every candidate on every work and return 0, or 2 when nothing fits what was asked for."""
    asked = arguments()
    names = {name for name in asked.works.split(",") if name}
    shorts = {short for short in asked.candidates.split(",") if short}
    works = [work for work in all_works(asked.rows) if not names or work.name.split()[0] in names]
    candidates = [candidate for candidate in CANDIDATES if not shorts or candidate.short in shorts]
    if not works or not candidates:
        print("No work or no candidate of that name.", file=sys.stderr)
        return 2
    skipped = {
        candidate.short: reason for candidate in candidates if (reason := candidate.ready()) is not None
    }
    measurements: list[Measurement] = []
    for work in works:
        for candidate in candidates:
            if candidate.short not in skipped:
                print(f"{work.name}: {candidate.title}", file=sys.stderr)
                measurements.append(measure(candidate, work))
    show(measurements, skipped)
    path = ROOT / ".ml-connector" / "bench" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    store(measurements, skipped, path)
    print(f"All figures: {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
