"""The way a benchmark talks to an external engine (README.md beside this file).

An engine calls run(name, sat, entail). The two callables get the path of the
file, a Deadline and the row to fill in; the row is printed once, as one JSON object on
stdout, whatever happens.
"""

import json
import os
import sys
import threading
import time


class Deadline:
    """The moment at which the engine has to stop, by the wall clock."""

    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        """Seconds that remain, never negative."""
        return max(0.0, self.end - time.monotonic())

    def passed(self):
        """True once no time is left."""
        return time.monotonic() >= self.end


class Stopwatch:
    """Adds up stretches of time: by the wall clock and in CPU time of the process.

    read() includes a stretch that has not ended, and may come from another thread.
    """

    def __init__(self):
        self._sum = (0, 0)
        self._begun = None

    @staticmethod
    def _now():
        return time.perf_counter_ns(), time.process_time_ns()

    def start(self):
        """Begins a stretch."""
        self._begun = self._now()

    def stop(self):
        """Ends the stretch."""
        self._sum, self._begun = self._total(), None

    def _total(self):
        begun = self._begun
        if begun is None:
            return self._sum
        return tuple(s + n - b for s, n, b in zip(self._sum, self._now(), begun))

    def read(self):
        """(wall, CPU) in milliseconds."""
        return tuple(round(t / 1e6, 3) for t in self._total())


class Row(dict):
    """The answer in the making; emit() prints it once, from whichever thread is first."""

    def __init__(self, **start):
        super().__init__(**start)
        self._lock = threading.Lock()
        self._printed = False

    def emit(self):
        """Prints the row as one line, unless that was done."""
        with self._lock:
            if self._printed:
                return
            self._printed = True
            sys.stdout.write(json.dumps(dict(self)) + "\n")
            sys.stdout.flush()


def percentile(sorted_values, share):
    """The nearest-rank percentile; None of an empty list."""
    if not sorted_values:
        return None
    rank = -(-len(sorted_values) * share // 100)  # ceiling of n * share / 100
    return sorted_values[max(0, int(rank) - 1)]


def microseconds(nanoseconds):
    """Nanoseconds as microseconds with the digits that a clock can mean."""
    return round(nanoseconds / 1e3, 3)


class Entailment:
    """Collects the verdicts and times of an entail run into a row.

    Guards that were not reached count as unknown; their verdicts stand in the list, and
    `reached` says how many were asked.
    """

    def __init__(self, row, guards):
        self.row = row
        self.times = []
        self.add_ns = 0
        row.update(guards=guards, reached=0, redundant=0, needed=0, unknown=guards,
                   us_p50=None, us_p99=None, us_total=0.0, add_us_total=0.0,
                   verdicts=["unknown"] * guards)
        self.keep_times = os.environ.get("CONGRUA_ENGINE_TIMES") == "1"

    def record(self, verdict, decide_ns):
        """The verdict of the next guard and the time that the decision took."""
        row = self.row
        row["verdicts"][row["reached"]] = verdict
        row["reached"] += 1
        row["unknown"] -= 1
        row[verdict] += 1
        self.times.append(decide_ns)

    def finish(self):
        """Writes the times into the row."""
        ordered = sorted(self.times)
        if ordered:
            self.row["us_p50"] = microseconds(percentile(ordered, 50))
            self.row["us_p99"] = microseconds(percentile(ordered, 99))
        self.row["us_total"] = microseconds(sum(ordered))
        self.row["add_us_total"] = microseconds(self.add_ns)
        if self.keep_times:
            self.row["us"] = [microseconds(t) for t in self.times]


def finish_answers(row, answers):
    """Turns the answers of the checks into `status`, and `answers` if there are several.

    One check: its answer is the status. Several: `ok`, or `unknown` if one of them is.
    None at all: `ok` with an empty list.
    """
    if len(answers) == 1:
        row["status"] = answers[0]
        return
    row["status"] = "unknown" if "unknown" in answers else "ok"
    row["answers"] = answers


def enter_environment():
    """Restarts the program in the environment of setup.sh, if it runs in none.

    That lets an engine be called as a plain program, and keeps a system's own packages,
    of whatever version, out of the measurement. Does nothing where there is none.
    """
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    venv = os.environ.get("CONGRUA_VENV", os.path.join(root, "build", "venv"))
    python = os.path.join(os.path.abspath(venv), "bin", "python")
    if sys.prefix == sys.base_prefix and os.path.exists(python):
        os.execv(python, [python] + sys.argv)


def run(engine, sat, entail):
    """Runs one question as the command line says; returns the exit code.

    0: a row with an answer (unknown included) was printed; 1: a row with an error;
    2: wrong usage, no row.
    """
    enter_environment()
    arguments = sys.argv[1:]
    modes = {"sat": sat, "entail": entail}
    try:
        mode, path, seconds = arguments
        deadline = Deadline(float(seconds))
        answer = modes[mode]
    except (ValueError, KeyError):
        sys.stderr.write(f"usage: {sys.argv[0]} sat|entail FILE TIMEOUT_SECONDS\n")
        return 2
    row = Row(engine=engine, mode=mode)
    try:
        answer(path, deadline, row)
    except ImportError as error:
        row["status"] = "error"
        row["message"] = f"{error}; run bench/baselines/setup.sh first"
    except MemoryError:
        row["status"] = "error"
        row["message"] = "out of memory"
    except Exception as error:  # a row for every file, whatever a library throws
        row["status"] = "error"
        row["message"] = f"{type(error).__name__}: {error}"[:500]
    row.emit()
    return 1 if row.get("status") == "error" else 0
