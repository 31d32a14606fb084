#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# What compilers must find by the annotations of the headers, and what they must not.
exec /usr/bin/python3 -B "$(dirname "$0")/run.py" snippets
