# SPDX-License-Identifier: BSD-2-Clause
"""Tests of the driver: an honest stand-in for fh-memmap passes, one that lies is found out.

The stand-ins run the second reader itself and alter one thing in what it says.
"""

import os
import subprocess
import sys
import tempfile
import unittest

from test_reader import cells, memory, node, pairs, region, request, reserved, tree

HERE = os.path.dirname(os.path.abspath(__file__))
STAND_IN = """#!{python}
import contextlib, io, json, sys
sys.path.insert(0, {here!r})
import reader
out = io.StringIO()
with contextlib.redirect_stdout(out):
    status = reader.main()
lines = [json.loads(line) for line in out.getvalue().splitlines()]
{lie}
for line in lines:
    print(json.dumps(line))
sys.exit(status)
"""
LIES = {
    "range size": "for line in lines:\n    for span in line['ranges'][-1:]:"
                  " span['size'] = '0x1'",
    "range kind": "for line in lines:\n    for span in line['ranges'][:1]:"
                  " span['kind'] = 'no-map'",
    "declarer": "for line in lines:\n    for span in line['ranges'][:1]: span['by'] += ['x']",
    "range gone": "for line in lines: del line['ranges'][:1]",
    "dynamic base": "for line in lines:\n    for span in line['dynamic']: span['base'] = '0x0'",
    "accepts all": "for line in lines: line['error'] = None",
    "refuses all": "for line in lines: line['error'] = 'no'",
    "status": "status = 0",
    "silent": "for line in lines: line['warnings'] = []",
    "line gone": "del lines[-1:]",
    "crash": "if len(lines) > 1: sys.exit(-11)",
    "no key": "for line in lines: del line['dynamic']",
    "mixed up": "lines.reverse()",
}
TREES = {
    "good": tree(memory()),
    "regions": tree(memory((0x40000000, 1 << 30)), reserved(
        region("a", (0x40001800, 0x1000), no_map=b""), request("d"),
        request("none", pairs((0, 1 << 40))[8:]))),
    "empty": tree(memory((0x80000000, 0))),
    "bad": tree(memory(reg=cells(1))),
    "other": b"no tree",
    "initrd": tree(memory(), node("chosen", {"linux,initrd-start": cells(1)})),
}


class Driver(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.trees = os.path.join(self.folder, "trees", "deeper")
        os.makedirs(self.trees)
        for name, blob in (TREES | {"good-again": TREES["good"]}).items():
            with open(os.path.join(self.trees, name + ".dtb"), "wb") as file:
                file.write(blob)

    def stand_in(self, lie=""):
        path = os.path.join(self.folder, "stand-in")
        with open(path, "w", encoding="utf-8") as file:
            file.write(STAND_IN.format(python=sys.executable, here=HERE, lie=lie))
        os.chmod(path, 0o755)
        return path

    def check(self, *arguments, lie="", folder=None):
        return subprocess.run(
            [sys.executable, os.path.join(HERE, "check.py"), "--program", self.stand_in(lie),
             *arguments, folder or os.path.dirname(self.trees)],
            capture_output=True, text=True, check=False)

    def test_honest(self):
        done = self.check("--least", "3", "--jobs", "2")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        rows = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()[2:]}
        self.assertEqual(rows["accepted"], ["2", "3", "3", "3", "3", "3"])
        self.assertEqual(rows["no-ram"], ["1", "0", "0", "0", "0", "0"])
        self.assertEqual(rows["not-a-tree"][:2], ["1", "1"])
        self.assertEqual(rows["differences"], ["0"])
        self.assertIn("(7 files)", done.stdout)

    def test_liars(self):
        for name, lie in LIES.items():
            with self.subTest(name):
                done = self.check(lie=lie)
                self.assertEqual(done.returncode, 1, done.stdout)
                self.assertRegex(done.stderr, r"fh: check-dtbs: differences: \d+: .*EBADMSG")
                self.assertIn("\ndifference 1: ", done.stdout)
        self.assertEqual(self.check("--ignore-warnings", lie=LIES["silent"]).returncode, 0)

    def test_twenty_are_named(self):
        done = self.check("--seeded", lie=LIES["refuses all"] + "\nstatus = 1")
        self.assertIn("\ndifference 20: ", done.stdout)
        self.assertNotIn("\ndifference 21: ", done.stdout)

    def test_seeded(self):
        done = self.check("--seeded")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertEqual(done.stdout, self.check("--seeded", "--jobs", "1").stdout)
        kept = os.path.join(self.folder, "kept")
        self.check("--seeded", "--keep", kept, lie=LIES["range kind"])
        self.assertTrue(os.listdir(kept))

    def test_too_few(self):
        done = self.check("--least", "4")
        self.assertEqual(done.returncode, 1)
        self.assertIn("fh: check-dtbs: filled trees accepted: 3: fewer than 4 (ERANGE)",
                      done.stderr)
        self.assertEqual(self.check("--limit", "1", "--least", "1").returncode, 1)

    def test_no_trees(self):
        empty = os.path.join(self.folder, "none")
        os.makedirs(empty)
        done = self.check(folder=empty)
        self.assertEqual(done.returncode, 1)
        self.assertIn("(ENOENT)", done.stderr)

    def test_no_program(self):
        done = subprocess.run([sys.executable, os.path.join(HERE, "check.py"), "--program",
                               os.path.join(self.folder, "absent"), self.folder],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("(ENOENT)", done.stderr)


if __name__ == "__main__":
    unittest.main()
