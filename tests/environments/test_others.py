"""Who else keeps processors busy: counted from imagined readings, and read once from this system."""

from __future__ import annotations

import os

import pytest

from runoff.environments.others import Reading, Running, busy_others, family, read_processes


def test_other_programs_are_added_by_name_and_the_familys_are_not():
    """Two encoders used 12 of ten seconds, one that came in between 3; workers and our shell are no others."""
    before = Reading(
        0.0,
        {
            (1, 0.0): Running(0, "init", 5.0),
            (10, 1.0): Running(1, "shell", 1.0),
            (20, 2.0): Running(10, "python", 100.0),
            (30, 3.0): Running(1, "ffmpeg", 50.0),
            (31, 3.0): Running(1, "ffmpeg", 10.0),
            (40, 4.0): Running(1, "gone", 10.0),
            (50, 4.0): Running(1, "reused", 10.0),
        },
    )
    after = Reading(
        10.0,
        {
            (1, 0.0): Running(0, "init", 9.0),
            (10, 1.0): Running(1, "shell", 6.0),
            (20, 2.0): Running(10, "python", 110.0),
            (21, 8.0): Running(20, "worker", 9.0),
            (30, 3.0): Running(1, "ffmpeg", 58.0),
            (31, 3.0): Running(1, "ffmpeg", 14.0),
            (50, 9.0): Running(1, "reused", 3.0),
        },
    )
    assert busy_others(before, after, 20) == pytest.approx({"ffmpeg": 1.2, "reused": 0.3})
    assert list(busy_others(before, after, 20)) == ["ffmpeg", "reused"]


def test_readings_of_one_moment_show_nothing():
    """No time has passed, so nobody was busy."""
    reading = Reading(1.0, {(1, 0.0): Running(0, "init", 5.0)})
    assert busy_others(reading, reading, 2) == {}


def test_a_circle_of_parents_ends():
    """What /proc shows may change while it is read, and a number may be used again."""
    assert family({1: 2, 2: 1, 3: 2}, 2) == {1, 2, 3}


def test_this_process_is_among_those_that_are_read():
    """The system shows this very process with its parent and the time that it used."""
    found = {pid: running for (pid, _), running in read_processes().running.items()}
    assert found[os.getpid()].parent == os.getppid()
    assert found[os.getpid()].seconds > 0
