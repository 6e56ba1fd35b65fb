"""Tests of include_order.py: a planted violation of each kind is found, a clean tree passes."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).parent))
import include_order  # noqa: E402  (found through the path above)

TABLE = ["base::", "expr:base:expr.h,eval.h", "guard:expr:guard.h", "cli:guard:"]
CLEAN = {
    "include/congrua/expr.h": "#include <span>\n#include \"absl/status/status.h\"\n",
    "include/congrua/eval.h": '#include "congrua/expr.h"\n',
    "include/congrua/guard.h": '#include "congrua/expr.h"\n',
    "src/base/int.h": "#include <cstdint>\n",
    "src/base/int.cc": '#include "base/int.h"\n#include <boost/multiprecision/cpp_int.hpp>\n',
    "src/expr/expr.cc": '#include "congrua/expr.h"\n#include "base/int.h"\n#include "fmt/format.h"\n',
    "src/guard/z3.cc": '#include "congrua/guard.h"\n#include <z3++.h>\n#include "expr/expr.inc"\n',
    "src/cli/main.cc": '#include "CLI/CLI.hpp"\n#include <zlib.h>\n#include "base/int.h"\n',
}


class IncludeOrder(unittest.TestCase):
    def problems(self, changed, table=TABLE):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**CLEAN, **changed}.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            return include_order.check(folder, table)

    def assert_one(self, changed, *words):
        found = self.problems(changed)
        self.assertEqual(len(found), 1, found)
        for word in words:
            self.assertIn(word, found[0])

    def test_clean(self):
        self.assertEqual(self.problems({}), [])

    def test_upward_private(self):
        self.assert_one({"src/expr/expr.cc": '\n#include "guard/facts.h"\n'},
                        "src/expr/expr.cc:2:", "does not build on guard")

    def test_upward_with_odd_spacing(self):
        self.assert_one({"src/base/int.cc": ' #  include "expr/node.h"'}, "does not build on expr")
        self.assert_one({"src/base/int.cc": '#include <expr/node.h>'}, "does not build on expr")

    def test_upward_public(self):
        self.assert_one({"src/base/int.cc": '#include "congrua/expr.h"'}, "does not build on expr")
        self.assert_one({"include/congrua/eval.h": '#include "congrua/guard.h"'},
                        "include/congrua/eval.h:1:", "does not build on guard")

    def test_public_includes_private(self):
        self.assert_one({"include/congrua/expr.h": '#include "base/int.h"'}, "private base/int.h")
        self.assert_one({"include/congrua/expr.h": '#include "fmt/core.h"'}, "fmt/core.h")

    def test_unlisted(self):
        self.assert_one({"include/congrua/new.h": ""}, "HEADERS")
        self.assert_one({"src/guard/z3.cc": '#include "congrua/nosuch.h"'}, "HEADERS")
        self.assert_one({"src/nosuch/a.cc": ""}, "no module")

    def test_outside_libraries(self):
        self.assert_one({"src/guard/facts.cc": "#include <z3++.h>"}, "src/guard/z3.cc")
        self.assert_one({"src/expr/expr.cc": '#include "nlohmann/json.hpp"'}, "src/cli/")
        self.assert_one({"src/base/arena.cc": "#include <boost/container/vector.hpp>"}, "int.cc")

    def test_relative_paths(self):
        self.assert_one({"src/expr/expr.cc": '#include "../guard/facts.h"'}, "relative to src/")
        self.assert_one({"src/base/int.cc": '#include "int.h"'}, 'write "base/int.h"')

    def test_bad_tables(self):
        for table in (["a:b:", "b:a:"], ["a:nosuch:"]):
            with self.assertRaises(SystemExit):
                self.problems({}, table)


if __name__ == "__main__":
    unittest.main()
