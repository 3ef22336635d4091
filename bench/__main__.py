"""``python -m bench``: choose works, candidates and goals, measure, print and store the tables."""

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

from bench.candidates import CANDIDATES
from bench.figures import Figure
from bench.goals import GOALS, Scale
from bench.job import ROOT
from bench.measure import Measurement, measure
from bench.report import show, show_figures, store
from bench.trial import SyncFailedError
from bench.works import Work, all_works


def arguments() -> argparse.Namespace:
    """Return what the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Without --works and --goals both tables are made."
    )
    parser.add_argument("--works", help="such as W1,W10, or all")
    parser.add_argument("--candidates", default="all", help="such as job,official")
    parser.add_argument("--goals", help=f"some of {','.join(GOALS)}, or all")
    parser.add_argument(
        "--rows", type=int, default=10_000, help="companies in the big works and goals (10000)"
    )
    parser.add_argument(
        "--customers", type=int, default=100_000, help="customers in the goal about size (100000)"
    )
    parser.add_argument(
        "--year", type=float, default=1.0, help="how much of a mid-size company's year, such as 0.1 (1)"
    )
    parser.add_argument(
        "--operations", type=int, default=5_000_000, help="operations in the goal about audits (5000000)"
    )
    return parser.parse_args()


def main() -> int:
    """Measure what was chosen and return 0, 1 when a goal is missed, or 2 when nothing fits what was asked for."""
    asked = arguments()
    everything = asked.works is None and asked.goals is None
    works = [
        work for work in all_works(asked.rows) if everything or _chosen(work.name.split()[0], asked.works)
    ]
    goals = [name for name in GOALS if everything or _chosen(name, asked.goals)]
    if not works and not goals:
        print("No work and no goal of that name.", file=sys.stderr)
        return 2
    measurements, skipped = _measured(works, asked.candidates)
    figures = _figures(goals, Scale(asked.rows, asked.customers, asked.year, asked.operations))
    if measurements:
        show(measurements, skipped)
    if figures:
        show_figures(figures)
    path = ROOT / ".ml-connector" / "bench" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    store(measurements, skipped, figures, path)
    print(f"All figures: {path.relative_to(ROOT)}")
    return 1 if any(figure.holds is False for figure in figures) else 0


def _chosen(name: str, asked: str | None) -> bool:
    return asked is not None and (asked == "all" or name in asked.split(","))


def _measured(works: Iterable[Work], asked: str) -> tuple[list[Measurement], dict[str, str]]:
    """Let the candidates that can run here do the works; also return why others cannot."""
    candidates = [candidate for candidate in CANDIDATES if _chosen(candidate.short, asked)]
    works = list(works)
    skipped = {
        candidate.short: reason
        for candidate in candidates
        if works and (reason := candidate.ready()) is not None
    }
    measurements: list[Measurement] = []
    for work in works:
        for candidate in candidates:
            if candidate.short not in skipped:
                print(f"{work.name}: {candidate.title}", file=sys.stderr)
                measurements.append(measure(candidate, work))
    return measurements, skipped


def _figures(goals: Iterable[str], scale: Scale) -> list[Figure]:
    figures: list[Figure] = []
    for name in goals:
        print(f"goal {name}", file=sys.stderr)
        try:
            figures += GOALS[name](scale)
        except SyncFailedError as error:
            figures.append(Figure(name, "a sync failed", "", str(error), holds=False))
    return figures


if __name__ == "__main__":
    sys.exit(main())
