"""``python -m tests.chaos``: runs with a random fault each, and after each fault a run that nothing happens to.

Each run is one of stand-ins, in a copy of the suite, with what a default run does in little. After a fault the next
run must be right, what was stored must be as it was, and nothing may be left over: no process, no part of a file.
Which fault hits which run, when and where, follows from the seed; what the machine does meanwhile does not.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from runoff.processes.surroundings import ROOT
from runoff.stored.run import read_run
from runoff.stored.schema import StoredRunBroken
from tests.chaos.faults import FAULTS, MOST_LAUNCHES, Fault, Victim, as_it_is, journals, nothing
from tests.suite_runs import RACE, Suite, copied_suite, put_fakes_in

CONTENDERS = "fake,fake-slower"
SHORT = ("--contenders", CONTENDERS, "--launches", str(MOST_LAUNCHES), "--rounds", "5", "--benchmark-autosave")
TEMPORARY = "temporary"
NO_FAULT = Fault("nothing", as_it_is, nothing)
ADVICE = re.compile(r"delete the folder (\S+) and run again")
SETTLING_SECONDS = 10.0
"""How long processes may take to be gone once their run is."""


@dataclass(frozen=True)
class Seen:
    """What came of a run: its exit code, whether results are a whole run, and all that is not as it should be."""

    fault: str
    code: int
    results: str
    wrong: tuple[str, ...]


def perform(suite: Suite, fault: Fault, chance: random.Random) -> tuple[int, str]:
    """Run the suite once with a fault and return its exit code and what it printed; negative is a signal."""
    over = threading.Event()

    def number() -> int | None:
        children = psutil.Process(suite.server.pid).children()
        return None if over.is_set() or not children else children[0].pid

    def wait_for_it() -> None:
        while not over.is_set() and number() is None:
            time.sleep(0.005)
        fault.act(Victim(number, suite.root, chance))

    with fault.before(suite.root, chance) as words:
        acting = threading.Thread(target=wait_for_it)
        acting.start()
        variables = {"TMPDIR": str(suite.root / TEMPORARY), "FAKE_CLOCK": "1"}
        done = suite.perform(suite.command(*RACE, *SHORT, *words), **variables)
        over.set()
        acting.join()
    return done.returncode, done.stdout + done.stderr


def stored(root: Path) -> dict[Path, str]:
    """Return the hashes of all that runs before stored: saved runs and journals."""
    kept = [*root.glob(".benchmarks/*/*.json"), *root.glob(".runoff/storage/**/*.json"), *journals(root)]
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def changed(before: dict[Path, str], after: dict[Path, str]) -> list[str]:
    """Say what was stored before and is not there as it was."""
    return [
        f"{path.name} is {'gone' if path not in after else 'not what it was'}"
        for path, digest in before.items()
        if after.get(path) != digest
    ]


def left_over(suite: Suite) -> list[str]:
    """Say what a run left behind: processes in its folder, its own folders, and parts of files."""
    deadline = time.monotonic() + SETTLING_SECONDS
    while (alive := processes_in(suite)) and time.monotonic() < deadline:
        time.sleep(0.1)
    root = suite.root
    found = [*root.glob(".runoff/run-*"), *(root / TEMPORARY).iterdir(), *root.glob(".runoff/**/*.partial")]
    return [*(f"process {process.pid} is alive" for process in alive), *(f"{path} is left" for path in found)]


def processes_in(suite: Suite) -> list[psutil.Process]:
    """Return the processes that work in a copy's folder, without the one that starts runs."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid != suite.server.pid and process.cwd() == str(suite.root):
                found.append(process)
    return found


def whole_results(root: Path) -> str:
    """Say what the results are: a run, one that was broken off, or what is wrong with them."""
    try:
        run = read_run(root / "results" / "runoff.json")
    except StoredRunBroken as error:
        return str(error)
    return "broken off" if run.info.broken_off else "a run"


def follow_advice(root: Path, printed: str) -> bool:
    """Delete the folders that a run says to delete, as its user does, and say whether there were any.

    What was damaged is refused by name and not made anew in silence: who changed it should know.
    """
    named = {root / found for found in ADVICE.findall(" ".join(printed.split()))}
    kept = {folder for folder in named if folder.is_dir() and folder.is_relative_to(root / ".runoff")}
    for folder in kept:
        shutil.rmtree(folder)
    return bool(kept)


def hit(suite: Suite, fault: Fault, chance: random.Random) -> Seen:
    """Perform a run with a fault and one without, and say all that is not as it should be."""
    root = suite.root
    before = stored(root)
    code, printed = perform(suite, fault, chance)
    wrong = [f"lost in the run: {what}" for what in changed(before, stored(root))]
    results = whole_results(root)
    if results not in ("a run", "broken off"):
        wrong.append(f"the results are no run: {results}")
    if "Traceback" in printed:
        wrong.append(f"a traceback: {printed.strip().splitlines()[-1]}")
    remedied = follow_advice(root, printed)
    if remedied:
        results = f"{results}, and it names the folder to delete"
    before = stored(root)
    next_code, next_printed = perform(suite, NO_FAULT, chance)
    wrong += [f"lost in the next run: {what}" for what in changed(before, stored(root))]
    if next_code != 0:
        wrong.append(f"the next run ended with {next_code}: {next_printed.strip().splitlines()[-1:]}")
    elif (found := whole_results(root)) != "a run":
        wrong.append(f"the next run stored no run: {found}")
    elif set(read_run(root / "results" / "runoff.json").stratum.contenders) != set(CONTENDERS.split(",")):
        wrong.append("the next run lacks a contender")
    return Seen(fault.name, code, results, (*wrong, *left_over(suite)))


def table(seen: Sequence[Seen]) -> str:
    """Write a row for each fault: how many runs it hit, how they ended, what was in the results, what was wrong."""
    rows = [
        "| fault | runs | exit codes | the results are | lost, wrong or left over |",
        "| :--- | ---: | :--- | :--- | :--- |",
    ]
    for name in dict.fromkeys(each.fault for each in seen):
        mine = [each for each in seen if each.fault == name]
        codes, results = (Counter(values) for values in ([each.code for each in mine], [each.results for each in mine]))
        wrong = "; ".join(what for each in mine for what in each.wrong) or "nothing"
        rows.append(f"| {name} | {len(mine)} | {counted(codes)} | {counted(results)} | {wrong} |")
    return "\n".join(rows)


def counted(values: Counter[object]) -> str:
    """Write what there is, the most frequent first."""
    return ", ".join(f"{value} ({count}×)" if len(values) > 1 else f"{value}" for value, count in values.most_common())


def main() -> int:
    """Perform the runs, print the table, and say whether all was as it should be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="how many faults (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    faults = [FAULTS[number % len(FAULTS)] for number in range(options.runs)]
    chance.shuffle(faults)
    seen: list[Seen] = []
    with tempfile.TemporaryDirectory() as folder, copied_suite(Path(folder) / "suite", reference="fake") as suite:
        put_fakes_in(suite)
        (suite.root / TEMPORARY).mkdir()
        code, printed = perform(suite, NO_FAULT, chance)
        if code:
            raise RuntimeError(f"the first run, which nothing happens to, ended with {code}: {printed[-2000:]}")
        for number, fault in enumerate(faults, start=1):
            begin = time.monotonic()
            found = hit(suite, fault, chance)
            seen.append(found)
            about = f"{number}: {fault.name}: {found.code}, {found.results}, {', '.join(found.wrong) or 'all is right'}"
            sys.stdout.write(f"{about} ({time.monotonic() - begin:.0f} s)\n")
            sys.stdout.flush()
    sys.stdout.write(f"{table(seen)}\n")
    kept = ROOT / ".runoff" / "chaos.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps([[each.fault, each.code, each.results, each.wrong] for each in seen], indent=1))
    return int(any(each.wrong for each in seen))


if __name__ == "__main__":
    sys.exit(main())
