"""Fails on an #include that goes up or across the modules.

usage: include_order.py ROOT MODULE:DEPENDS:HEADERS...

Each row is one module of the top-level CMakeLists.txt: its name, the modules it depends on and
its public headers in include/congrua/, both separated by commas. A file of src/<module>/ may
include its own module and what the module reaches; a public header may include only public
headers, by the same order; some outside libraries belong to one module.
"""

import re
import sys
from pathlib import Path

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
SUFFIXES = {".h", ".cc", ".inc"}

# Outside headers that only these files of src/ may include (a prefix of the path below src/).
OWNERS = [
    (re.compile(r"z3(\+\+|_\w+)?\.h$"), ("guard/z3.cc",)),
    (re.compile(r"boost/"), ("base/int.cc",)),
    (re.compile(r"(CLI/|CLI11)"), ("cli/",)),
    (re.compile(r"nlohmann/"), ("cli/", "trace/", "shape/json")),
    (re.compile(r"(lzma|zlib)\.h$"), ("cli/",)),
]
# What no public header may include, whichever module it belongs to.
PRIVATE = re.compile(r"(fmt/|boost/|z3(\+\+|_\w+)?\.h$|nlohmann/)")


def parse_table(rows):
    """Returns {module: direct dependencies} and {public header: module}."""
    depends, headers = {}, {}
    for row in rows:
        name, below, public = row.split(":")
        depends[name] = [d for d in below.split(",") if d]
        for header in public.split(","):
            if header:
                headers[header] = name
    for name, below in depends.items():
        for d in below:
            if d not in depends:
                raise SystemExit(f"module {name} depends on {d}, which is no module")
    return depends, headers


def reachable(depends):
    """Returns {module: itself and all it reaches}; a cycle ends the program."""
    reach = {}

    def visit(name, path):
        if name in path:
            raise SystemExit("modules depend on each other: " + " -> ".join([*path, name]))
        if name not in reach:
            reach[name] = {name}.union(*(visit(d, [*path, name]) for d in depends[name]))
        return reach[name]

    for name in depends:
        visit(name, [])
    return reach


def check(root, rows):
    """Returns the violations as messages with position."""
    root = Path(root)
    depends, headers = parse_table(rows)
    reach = reachable(depends)
    problems = []

    def module_of(include, public_only):
        """The module that an include names, None for an outside header; or an error text."""
        parts = include.split("/")
        if parts[0] == "congrua":
            if parts[-1] not in headers:
                return None, f"{include} is in no module's HEADERS in CMakeLists.txt"
            return headers[parts[-1]], None
        if parts[0] in depends and len(parts) > 1:
            if public_only:
                return None, f"a public header includes the private {include}"
            return parts[0], None
        return None, None

    def check_file(path, module, public):
        text = path.read_text(errors="replace")
        relative = path.relative_to(root).as_posix()
        for match in INCLUDE.finditer(text):
            include = match.group(1) or match.group(2)
            quoted = match.group(1) is not None
            line = text.count("\n", 0, match.start(1 if quoted else 2)) + 1
            at = f"{relative}:{line}"
            if ".." in include.split("/"):
                problems.append(f"{at}: write {include} relative to src/ or include/")
                continue
            target, error = module_of(include, public)
            if error:
                problems.append(f"{at}: {error}")
            elif target is not None:
                if target not in reach[module]:
                    problems.append(f"{at}: {module} includes {include}, but does not build on {target}")
            elif quoted and "/" not in include and (path.parent / include).exists():
                problems.append(f"{at}: write \"{module}/{include}\" for {include}")
            elif public and PRIVATE.match(include):
                problems.append(f"{at}: a public header includes {include}")
            elif not public:
                below_src = relative.removeprefix("src/")
                for pattern, owners in OWNERS:
                    if pattern.match(include) and not below_src.startswith(owners):
                        problems.append(f"{at}: {include} belongs to src/{' and src/'.join(owners)}")

    def files(folder):
        return sorted(p for p in folder.rglob("*") if p.suffix in SUFFIXES and p.is_file())

    for path in files(root / "include"):
        if path.name not in headers:
            problems.append(f"{path.relative_to(root)}: is in no module's HEADERS in CMakeLists.txt")
        else:
            check_file(path, headers[path.name], public=True)
    for path in files(root / "src"):
        parts = path.relative_to(root / "src").parts
        if len(parts) < 2 or parts[0] not in depends:
            problems.append(f"{path.relative_to(root)}: belongs to no module of CMakeLists.txt")
        else:
            check_file(path, parts[0], public=False)
    return problems


def main():
    if len(sys.argv) < 3:
        raise SystemExit(__doc__)
    problems = check(sys.argv[1], sys.argv[2:])
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
