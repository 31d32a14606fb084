#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# fh-memmap on the trees of corpus.py.
exec /usr/bin/python3 -B "$(dirname "$0")/corpus.py" --program "${O:-build}/fh-memmap"
