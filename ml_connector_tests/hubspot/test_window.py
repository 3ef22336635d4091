"""The limiter's core against a server that counts arrivals: never too many in any window, never idle for nothing."""

import heapq
import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_connector.hubspot.window import SlidingWindow


def test_a_slot_is_held_while_in_flight_and_for_a_window_after_the_answer() -> None:
    window = SlidingWindow(2, 10.0, slack=0.0)
    window.start(0.0)
    window.start(0.0)
    assert window.wait(5.0) == math.inf
    window.finish(5.0)
    assert window.wait(5.0) == pytest.approx(10.0)
    assert window.wait(14.5) == pytest.approx(0.5)
    assert window.wait(15.0) == 0.0


def test_the_reserve_is_small_and_none_for_small_limits() -> None:
    assert [SlidingWindow(most, 10.0).capacity(0.0) for most in (4, 100, 190)] == [4, 98, 187]


def test_starts_are_spaced() -> None:
    window = SlidingWindow(4, 1.0, spacing=0.25)
    window.start(3.0)
    assert window.wait(3.1) == pytest.approx(0.15)


def test_a_refusal_pauses_shrinks_once_per_burst_and_recovers() -> None:
    window = SlidingWindow(100, 10.0)
    window.refuse(0.0, 10.0)
    window.refuse(0.5, 10.0)
    assert window.wait(1.0) == pytest.approx(9.5)
    assert window.capacity(1.0) == int(98 * 0.7)
    assert window.capacity(21.0) == int(98 * 0.8)
    assert window.capacity(500.0) == 98


def test_refusals_never_stop_everything() -> None:
    window = SlidingWindow(4, 1.0)
    for second in range(100):
        window.refuse(second * 2.0, 0.0)
    assert window.capacity(200.0) >= 1


def test_what_another_process_uses_is_taken_off_while_it_is_fresh() -> None:
    window = SlidingWindow(100, 10.0)
    window.start(0.0)
    window.see_remaining(39, 0.1)
    window.finish(0.1)
    # The server has counted 61 calls, one of them ours; one in flight is added to be safe.
    assert window.capacity(0.2) == 98 - 61
    assert window.capacity(10.5) == 98


def test_own_calls_are_not_taken_for_another_processs() -> None:
    window = SlidingWindow(100, 10.0)
    for _ in range(8):
        window.start(0.0)
    window.see_remaining(93, 0.1)
    assert window.capacity(0.1) == 98


def test_nothing_starts_while_others_use_everything_and_it_goes_on_later() -> None:
    window = SlidingWindow(100, 10.0, slack=0.0)
    window.start(0.0)
    window.see_remaining(0, 0.0)
    window.finish(0.0)
    assert 0.0 < window.wait(1.0) <= 9.0
    assert window.wait(10.0) == 0.0


Latency = tuple[float, float]


def run(window: SlidingWindow, latencies: Sequence[Latency], workers: int) -> tuple[list[float], float]:
    """Send one request per latency (to the server, back) with so many workers; return arrivals and the end."""
    now, arrivals = 0.0, []
    answers: list[float] = []
    waiting = list(latencies)
    while waiting or answers:
        wait = window.wait(now) if waiting and len(answers) < workers else math.inf
        if wait <= 0.0:
            there, back = waiting.pop(0)
            window.start(now)
            arrivals.append(now + there)
            heapq.heappush(answers, now + there + back)
            continue
        then = now + wait
        if answers and answers[0] <= then:
            now = heapq.heappop(answers)
            window.finish(now)
        else:
            now = then
    return arrivals, now


def most_in_any(arrivals: list[float], seconds: float) -> int:
    arrivals = sorted(arrivals)
    most = start = 0
    for end, moment in enumerate(arrivals):
        while arrivals[start] <= moment - seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


trip = st.floats(0.0, 15.0) | st.floats(0.0, 0.3)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(trip, trip), max_size=120), st.integers(1, 16), st.integers(1, 30))
def test_no_window_at_the_server_ever_holds_more_than_the_maximum(
    latencies: list[Latency], workers: int, maximum: int
) -> None:
    arrivals, _ = run(SlidingWindow(maximum, 10.0), latencies, workers)
    assert len(arrivals) == len(latencies)
    assert most_in_any(arrivals, 10.0) <= maximum


def test_a_hundred_calls_are_not_slowed_where_190_are_free() -> None:
    _, end = run(SlidingWindow(190, 10.0), [(0.1, 0.1)] * 100, 8)
    assert end == pytest.approx(100 / 8 * 0.2, abs=0.2)


def test_a_long_run_uses_nearly_all_of_the_limit() -> None:
    _, end = run(SlidingWindow(190, 10.0), [(0.05, 0.05)] * 1900, 8)
    assert 1900 / end > 0.94 * 19
