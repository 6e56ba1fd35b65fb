#!/usr/bin/env python3
"""Sums up the lines of `congrua_workloads w1|w2|w3|w5`, read from standard input.

    build/release/bin/congrua_workloads w1 w1_sum_1000.dag 5 | bench/workloads_summary.py w1
    build/release/bin/congrua_workloads w2 w2.sx 5 | bench/workloads_summary.py w2
    build/release/bin/congrua_workloads w3 w3_20.sx 5 | bench/workloads_summary.py w3
    build/release/bin/congrua_workloads w5 w5.sx 5 | bench/workloads_summary.py w5 w5.sx

`--misses` lists what falls short as well. w5 evaluates every answer against its index, by Python's
integers, at points of the ranges and facts. The exit code is 1 for a wrong answer.
"""

import argparse
import collections
import json
import random
import re
import sys

DIVISIONS = ("floordiv", "floormod", "ceildiv")
POINTS = 60


def rank(values, share):
    """The nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def times(rows, keys):
    """Median and 90th percentile of the sum of these keys."""
    total = [sum(row[key] for key in keys) for row in rows]
    return f"median {rank(total, 50):.2f}, p90 {rank(total, 90):.2f}, max {max(total):.1f}"


def read(text):
    """All s-expressions of a text: integers, names and tuples."""
    done, open_lists = [], []
    for token in re.findall(r"[()]|[^\s()]+", text):
        if token == "(":
            open_lists.append([])
            continue
        if token == ")":
            value = tuple(open_lists.pop())
        else:
            value = int(token) if re.fullmatch(r"-?[0-9]+", token) else token
        (open_lists[-1] if open_lists else done).append(value)
    return done


def product(values):
    """As sum."""
    result = 1
    for value in values:
        result *= value
    return result


APPLY = {
    "add": lambda *a: sum(a), "sub": lambda a, b: a - b, "mul": lambda *a: product(a),
    "neg": lambda a: -a, "floordiv": lambda a, b: a // b, "floormod": lambda a, b: a % b,
    "ceildiv": lambda a, b: -(-a // b), "min": lambda *a: min(a), "max": lambda *a: max(a),
    "abs": abs, "eq": lambda a, b: int(a == b), "ne": lambda a, b: int(a != b),
    "lt": lambda a, b: int(a < b), "le": lambda a, b: int(a <= b), "gt": lambda a, b: int(a > b),
    "ge": lambda a, b: int(a >= b), "and": lambda *a: int(all(a)), "or": lambda *a: int(any(a)),
    "not": lambda a: int(not a),
}


def value_of(e, point):
    """The value of an expression at a point."""
    if isinstance(e, int):
        return e
    if isinstance(e, str):
        return point[e]
    if e[0] == "select":
        return value_of(e[2] if value_of(e[1], point) else e[3], point)
    return APPLY[e[0]](*(value_of(x, point) for x in e[1:]))


def operations(e):
    """Operators on the tree: n operands of an n-ary one are n - 1; x + -1*y is one."""
    if not isinstance(e, tuple):
        return 0
    if e[0] == "add":
        total = len(e) - 2
        for x in e[1:]:
            if isinstance(x, tuple) and x[0] == "mul" and -1 in x[1:]:
                rest = [y for y in x[1:] if y != -1]
                total += max(0, len(rest) - 1) + sum(operations(y) for y in rest)
            else:
                total += operations(x)
        return total
    own = len(e) - 2 if e[0] in ("mul", "min", "max", "and", "or") else 1
    return own + sum(operations(x) for x in e[1:])


def divisions(e):
    """Divisions and remainders on the tree."""
    if not isinstance(e, tuple):
        return 0
    return (e[0] in DIVISIONS) + sum(divisions(x) for x in e[1:])


def part(record, head):
    """The items of a record's list with this head."""
    for x in record:
        if isinstance(x, tuple) and x and x[0] == head:
            return x[1:]
    return ()


def points(ranges, facts, rng):
    """Points of the ranges at which the facts hold."""
    found = []
    for _ in range(100 * POINTS):
        point = {}
        for name, lo, hi in ranges:
            top = lo + 64 if hi == "inf" else hi
            point[name] = rng.choice((lo, top, rng.randint(lo, top)))
        if all(value_of(f, point) for f in facts):
            found.append(point)
        if len(found) == POINTS:
            break
    return found


def w1(rows, _):
    """Nanoseconds and bytes a node."""
    built = [row for row in rows if "build_s" in row]
    canon = [row["canon_s"] for row in rows if "canon_s" in row]
    nodes = built[0]["n"]
    each = sorted((b["build_s"] + c) * 1e9 / nodes for b, c in zip(built, canon))
    print(f"{nodes} nodes: median {rank(each, 50):.0f}, least {each[0]:.0f} ns a node; "
          f"{built[0]['bytes_per_node']:.0f} bytes a node")
    return True


def w2(rows, options):
    """Pairs proved, and the time of a pair with building."""
    equal = [row for row in rows if row["expect"] == 1]
    proved = sum(row["ans"] == 1 for row in equal)
    wrong = [row for row in rows if {row["expect"], row["ans"]} == {0, 1}]
    print(f"{proved} of {len(equal)} equal pairs proved, "
          f"{sum(row['ans'] == 1 for row in rows) - proved} of {len(rows) - len(equal)} unequal; us "
          f"with building: {times(rows, ('us', 'build_us'))}, mean "
          f"{sum(row['us'] + row['build_us'] for row in rows) / len(rows):.2f}; of equal pairs: "
          f"{times(equal, ('us', 'build_us'))}")
    if options.misses:
        for row in equal:
            if row["ans"] != 1:
                print(f"  {row['cls']} {row['id']}: {row['ans']}")
    return not wrong


def w3(rows, options):
    """Queries decided, and times."""
    contexts = [row for row in rows if "nguards" in row]
    queries = [row for row in rows if "cls" in row]
    right = [row for row in queries if row["ans"] == row["expect"]]
    wrong = [row for row in queries if row["ans"] == 1 - row["expect"]]
    entailed = [row for row in queries if row["expect"] == 1]
    setup = sum(c["setup_us"] for c in contexts) / sum(c["nguards"] for c in contexts)
    print(f"{len(right)} of {len(queries)} decided ({sum(r in entailed for r in right)} of "
          f"{len(entailed)} entailed), {len(wrong)} wrong; us: {times(queries, ('us',))}, mean "
          f"{sum(q['us'] for q in queries) / len(queries):.2f}; with building: "
          f"{times(queries, ('us', 'build_us'))}; set-up {setup:.2f} us a guard")
    if options.misses:
        for row in queries:
            if row["ans"] != row["expect"]:
                print(f"  {row['ctx']} {row['id']} {row['cls']}: {row['ans']}, not {row['expect']}")
    return not wrong


def w5(rows, options):
    """Operations and divisions left, by class, and whether the answers are right."""
    with open(options.file, encoding="utf-8") as file:
        records = {record[1]: record for record in read(file.read())}
    rng = random.Random(1)
    wrong = 0
    before = collections.Counter()
    after = collections.Counter()
    left = collections.Counter()
    for row in rows:
        record = records[row["id"]]
        index, (answer,) = record[-1], read(row["out"])
        row["operations"], row["divisions"] = operations(answer), divisions(answer)
        before.update(operations=operations(index), divisions=divisions(index))
        after.update(operations=row["operations"], divisions=row["divisions"])
        left[row["cls"]] += row["divisions"]
        for point in points(part(record, "ranges"), part(record, "facts"), rng):
            if value_of(index, point) != value_of(answer, point):
                print(f"  {row['id']} is wrong at {point}")
                wrong += 1
                break
    print(f"{len(rows)} indices, {wrong} wrong; operations {before['operations']} -> "
          f"{after['operations']}, div and mod {before['divisions']} -> {after['divisions']}; us: "
          f"{times(rows, ('us',))}")
    print("div and mod left: " + ", ".join(f"{c} {n}" for c, n in left.items() if n))
    if options.misses:
        for row in rows:
            if row["operations"]:
                print(f"  {row['id']} {row['cls']}: {row['operations']} operations, "
                      f"{row['divisions']} div and mod: {row['out']}")
    return wrong == 0


def main():
    """Prints one line of figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=("w1", "w2", "w3", "w5"))
    parser.add_argument("file", nargs="?", help="w5: the file that was run")
    parser.add_argument("--misses", action="store_true")
    options = parser.parse_args()
    if options.workload == "w5" and options.file is None:
        parser.error("w5 needs the file that was run")
    rows = [json.loads(line) for line in sys.stdin if line.strip()]
    if not rows:
        sys.exit("workloads_summary.py: no lines on standard input")
    summary = {"w1": w1, "w2": w2, "w3": w3, "w5": w5}[options.workload]
    return 0 if summary(rows, options) else 1


if __name__ == "__main__":
    sys.exit(main())
