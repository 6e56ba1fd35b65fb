#!/usr/bin/env python3
"""Sums up the lines of `congrua_workloads w6`, read from standard input.

    build/release/bin/congrua_workloads w6 w6.sx 5 | bench/w6_summary.py

A problem is right where it has a model and is expected to have one, or has none and is expected to
have none. Whether a model satisfies its asserts is not checked here.
"""

import json
import sys


def rank(values, share):
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def main():
    """Prints one line of figures; exit code 1 if a problem is not right."""
    rows = [json.loads(line) for line in sys.stdin if line.strip()]
    if not rows:
        sys.exit("w6_summary.py: no lines on standard input")
    right = sum(row["model"] != "unknown" and isinstance(row["model"], dict) == bool(row["expect"])
                for row in rows)
    times = [row["ms"] for row in rows]
    sizes = sum(sum(row["model"].values()) for row in rows if isinstance(row["model"], dict))
    print(f"{right} of {len(rows)} right; ms: median {rank(times, 50):.3f}, p90 "
          f"{rank(times, 90):.3f}, total {sum(times):.1f}; sum of all sizes {sizes}")
    return 0 if right == len(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
