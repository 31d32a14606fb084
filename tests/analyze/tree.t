#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# gcc's analyzer on every source of the tree.
exec /usr/bin/python3 -B "$(dirname "$0")/run.py" tree
