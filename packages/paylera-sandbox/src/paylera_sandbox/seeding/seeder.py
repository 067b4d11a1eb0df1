"""The seeder: plays a story in the sandbox's own time. It works in short steps beside the requests."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime, timedelta

from paylera_sandbox.engine import Engine
from paylera_sandbox.problems import Problem
from paylera_sandbox.seeding.progress import Seeding
from paylera_sandbox.seeding.story import Story

_STEP_SECONDS = 0.05
_DAY = timedelta(days=1)
_MONTH = timedelta(days=30)


async def sow(engine: Engine, seeding: Seeding) -> None:
    """Fill a sandbox. An empty one has its past filled, and its clock is afterwards as it was; in any other, time moves
    on by so many months."""
    try:
        await _sow(engine, seeding)
        seeding.status = "done"
    except Problem as problem:
        seeding.status, seeding.error = "failed", problem.detail
    except asyncio.CancelledError:
        seeding.status, seeding.error = "failed", "The sandbox was stopped, reset or restored meanwhile."
        raise


async def _sow(engine: Engine, seeding: Seeding) -> None:
    generation = engine.generation
    span, now = _MONTH * seeding.months, engine.time.now()
    state, empty = engine.time.state(), engine.store.first("events") is None
    begin = now - span if empty else now
    end = begin + span
    if empty:
        with engine.unit() as unit:
            (unit.time.pin if state.pinned else unit.time.run_from)(begin)
    story = Story(engine, seed=seeding.seed, first_number=engine.store.count("customers") + 1)
    scenes = story.write(begin, end, seeding.customers)
    seeding.total = len(scenes)
    rested = time.monotonic()
    for scene in scenes:
        await _go(engine, scene.at)
        _expect_the_same(engine, generation)
        story.play(scene)
        seeding.done += 1
        if time.monotonic() - rested > _STEP_SECONDS:
            await asyncio.sleep(0)
            rested = time.monotonic()
            _expect_the_same(engine, generation)
    await _go(engine, end)
    _expect_the_same(engine, generation)
    if empty and not state.pinned and not state.offset:
        await _go(engine, engine.time.real())
        with engine.unit() as unit:
            unit.time.go_real()


def _expect_the_same(engine: Engine, generation: int) -> None:
    """End when the sandbox was reset or restored meanwhile: what comes now belongs to another story."""
    if engine.generation != generation:
        raise asyncio.CancelledError


async def _go(engine: Engine, to: datetime) -> None:
    """Move the time to a moment, with everything that is due on the way."""
    if to <= engine.time.now():
        return
    with engine.unit() as unit:
        unit.time.advance(to)
    while engine.time.state().running:
        engine.step()
        await asyncio.sleep(0)
