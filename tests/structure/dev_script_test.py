"""Tests of ./dev up to the point where it would build: usage, missing packages.

usage: dev_script_test.py DEV [unittest options]
"""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

DEV = ""


class DevScript(unittest.TestCase):
    def run_dev(self, *args, **stubs):
        """Runs ./dev with programs replaced by the given shell lines."""
        with tempfile.TemporaryDirectory() as folder:
            for name, line in {"cmake": "echo BUILD; exit 9", **stubs}.items():
                stub = Path(folder, name.replace("_", "-"))
                stub.write_text(f"#!/bin/sh\n{line}\n")
                stub.chmod(0o755)
            environment = {**os.environ, "PATH": folder + ":" + os.environ["PATH"]}
            return subprocess.run([DEV, *args], env=environment, capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL, check=False)

    ALL_INSTALLED = "printf 'install ok installed'"
    FMT_MISSING = ('[ "$3" = libfmt-dev ] && { echo unknown >&2; exit 1; }\n'
                   + ALL_INSTALLED)

    def test_help_and_wrong_usage(self):
        self.assertIn("usage: ./dev", self.run_dev("help").stdout)
        self.assertEqual(self.run_dev().returncode, 0)
        wrong = self.run_dev("nosuch")
        self.assertEqual((wrong.returncode, wrong.stdout), (2, ""))
        self.assertIn("usage: ./dev", wrong.stderr)

    def test_missing_packages_without_root(self):
        done = self.run_dev("build", dpkg_query=self.FMT_MISSING, id="echo 1000", sudo="exit 1",
                            apt_get="echo APT")
        self.assertEqual(done.returncode, 3)
        self.assertEqual(done.stdout,
                         "sudo apt-get install --no-install-recommends libfmt-dev\n")

    def test_missing_packages_with_sudo(self):
        done = self.run_dev("build", dpkg_query=self.FMT_MISSING, id="echo 1000",
                            sudo='shift; [ "$1" = true ] || echo SUDO "$@"')
        self.assertIn("SUDO apt-get update", done.stdout)
        self.assertRegex(done.stdout, "SUDO .*apt-get install .*libfmt-dev")
        self.assertNotIn("libabsl-dev", done.stdout)
        self.assertIn("building build/release", done.stdout)

    def test_missing_packages_as_root(self):
        done = self.run_dev("test", dpkg_query=self.FMT_MISSING, id="echo 0", sudo="echo SUDO",
                            apt_get='echo APT "$@"')
        self.assertRegex(done.stdout, "APT install .*libfmt-dev")
        self.assertNotIn("SUDO", done.stdout)

    def test_nothing_missing(self):
        done = self.run_dev("build", dpkg_query=self.ALL_INSTALLED, id="echo 1000",
                            sudo="echo SUDO", apt_get="echo APT")
        self.assertEqual(done.returncode, 1)  # the stub of cmake fails
        self.assertIn("BUILD", done.stdout)
        self.assertNotIn("APT", done.stdout)
        self.assertNotIn("SUDO", done.stdout)


if __name__ == "__main__":
    DEV = sys.argv.pop(1)
    unittest.main()
