#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""
A few seeds of the hostile stage, and those that the kernel once did not get by. Prints TAP.
"""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import hostile  # noqa: E402

sys.exit(hostile.main(5, 1, hostile.both(), hostile.KNOWN))
