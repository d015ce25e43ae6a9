"""Signals that ask to end are noted at once, and break off waits alone."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from runoff.processes.interruption import ENDING, breakable, current, end_by_signals, signals_noted
from runoff.processes.process import started
from tests.children import PATIENCE, usual_signals


@pytest.fixture(autouse=True)
def in_a_terminal():
    """Give signals their usual meaning, however the tests were started."""
    with usual_signals():
        yield


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_outside_of_a_wait_raises_in_the_next_one(number):
    """It is noted where it comes, and every later wait is broken off with the first one's name."""
    with signals_noted() as interruption:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.noted == [number.name, "SIGTERM"]
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt, match=number.name), breakable():
                raise AssertionError("the wait has begun")


def test_a_signal_in_a_wait_breaks_it_off():
    """A wait for a worker that never answers ends with the signal, long before its time."""
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGTERM))
    with signals_noted(), pytest.raises(KeyboardInterrupt, match="SIGTERM"), breakable():
        wait_after(timer)


def wait_after(timer):
    """Start a timer and wait for a signal."""
    timer.start()
    time.sleep(PATIENCE)


def receive_under_fire(log, processes):
    """Wait for a worker that a signal comes before, and two more while the worker is ended."""
    with started("tests.stand_ins.litters", label="litters", log=log) as process:
        processes.append(process)
        process.receive(PATIENCE)
        wait = process.popen.wait

        def wait_under_fire():
            os.kill(os.getpid(), signal.SIGINT)
            wait()
            os.kill(os.getpid(), signal.SIGTERM)

        process.popen.wait = wait_under_fire
        os.kill(os.getpid(), signal.SIGHUP)
        process.receive(PATIENCE)


def test_a_second_signal_does_not_break_off_the_clearing_up(tmp_path):
    """While a worker is ended nothing is raised, however many come; afterwards the worker is gone."""
    processes = []
    with signals_noted() as interruption, pytest.raises(KeyboardInterrupt, match="SIGHUP"):
        receive_under_fire(tmp_path / "log", processes)
    assert processes[0].popen.returncode == -signal.SIGKILL
    assert processes[0].answers.closed
    assert interruption.noted == ["SIGHUP", "SIGINT", "SIGTERM"]


def test_what_was_there_before_is_there_again():
    """Handlers are put back; a signal that was ignored, as by nohup, is ignored throughout."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with signals_noted() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
            assert current() is interruption
        assert interruption.noted == []
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGHUP, before)
    assert current() is None


def test_other_threads_wait_undisturbed():
    """No signal comes to a thread that is not the main one, and nothing is noted for it."""
    found = []

    def wait():
        with signals_noted() as interruption, breakable():
            found.extend([interruption.noted, current()])

    with signals_noted():
        os.kill(os.getpid(), signal.SIGTERM)
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(PATIENCE)
    assert found == [[], None]


def test_commands_end_by_other_signals_as_by_an_interrupt(monkeypatch):
    """SIGTERM and SIGHUP raise KeyboardInterrupt then; one that is ignored stays so."""
    before = {number: signal.getsignal(number) for number in ENDING}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        end_by_signals()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
