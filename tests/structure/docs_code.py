#!/usr/bin/env python3
"""The code blocks of a tutorial are code of its example, which a test runs."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAIRS = [("docs/shape_env.md", "examples/shape_tutorial.cc")]


def lines(text):
    return [line.strip() for line in text.splitlines() if line.strip()]


def main():
    wrong = 0
    for doc, example in PAIRS:
        code = lines((ROOT / example).read_text())
        blocks = re.findall(r"```cpp\n(.*?)```", (ROOT / doc).read_text(), flags=re.S)
        if not blocks:
            print(f"{doc}: no code")
            wrong += 1
        for block in blocks:
            want = lines(block)
            found = any(code[i : i + len(want)] == want for i in range(len(code)))
            if not found:
                print(f"{doc}: this code is not in {example}:\n{block}")
                wrong += 1
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
