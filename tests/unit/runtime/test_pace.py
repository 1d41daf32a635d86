"""When the next checkpoint and the next flush are due."""

import asyncio

import pytest

from services.runtime.pace import FlushPace, Pace, Stopwatch

pace = Pace(least_s=0.3, most_s=5, share=5, keys_per_s=200)


@pytest.mark.parametrize(
    ("took_s", "keys", "pause_s"),
    [
        (0.01, 5, 0.3),  # small and quick: the usual interval
        (0.2, 5, 1.0),  # Kafka is slow: a sixth of the time at most
        (0.01, 400, 2.0),  # many keys: what recovery must read stays bounded
        (60, 100_000, 5.0),  # never rarer than that
    ],
)
def test_the_pause_follows_time_and_keys(took_s: float, keys: int, pause_s: float) -> None:
    assert pace.pause_s(took_s=took_s, keys=keys) == pause_s


flushes = FlushPace(least_s=0.02, most_s=0.5, share=3, hiccup_s=1, part=0.25)


@pytest.mark.parametrize(
    ("worked_s", "counted", "since_s", "waiting", "pause_s"),
    [
        (0.001, 1, 10.0, 0, 0.02),  # quiet: at once, or nearly
        (0.05, 40, 0.2, 0, 0.15),  # much to tell: a quarter of the time at most
        (0.001, 40, 0.2, 2, 0.02),  # two records wait, a hundredth of a second: that is nothing
        (0.001, 100, 0.1, 900, 0.02),  # caught up within a second: a checkpoint was taken just now
        (0.001, 100, 0.1, 2000, 0.25),  # caught up in two
        (0.001, 100, 0.1, 1_000_000, 0.5),  # far behind, but no number is a second old
        (0.001, 0, 0.1, 1000, 0.02),  # nothing is being counted, so nothing tells how long it will take
    ],
)
def test_a_worker_that_catches_up_publishes_less_often(
    worked_s: float, counted: int, since_s: float, waiting: int, pause_s: float
) -> None:
    found = flushes.pause_s(worked_s=worked_s, counted=counted, since_s=since_s, waiting=waiting)
    assert found == pytest.approx(pause_s)


async def test_a_stopwatch_hands_through_what_comes_of_the_work() -> None:
    async def work(fails: bool) -> str:
        await asyncio.sleep(0)
        if fails:
            raise ValueError("no")
        return "done"

    assert await Stopwatch().time(work(fails=False)) == "done"
    with pytest.raises(ValueError, match="no"):
        await Stopwatch().time(work(fails=True))


async def test_a_cancelled_stopwatch_cancels_its_work() -> None:
    ended = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    task = asyncio.ensure_future(Stopwatch().time(work()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended
