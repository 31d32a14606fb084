#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""A thousand seeds of the hostile stage, on QEMU system. Prints TAP."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import hostile  # noqa: E402

sys.exit(hostile.main(1000, 2, [which for which in hostile.both() if which == "system"]))
