# SPDX-License-Identifier: BSD-2-Clause
"""
`make analyze`: ownership as compilers see it.

    run.py PART...

snippets: what must be found is found, what is right is not, no annotation can go (snippets.py)
tree: gcc's analyzer finds nothing in the tree, and would (whole.py)
clang: neither does clang's

Prints TAP. From the environment: O, CROSS_COMPILE, HOSTCC. The parts tree and clang want O/commands.json.
"""
import sys

import analyzers  # noqa: F401  the path to tap.py
import snippets
import tap
import whole

PARTS = {"snippets": snippets.check, "tree": whole.check_gcc, "clang": whole.check_clang}


def main():
    result = tap.Tap()
    for part in sys.argv[1:]:
        PARTS[part](result)
    return result.finish()


if __name__ == "__main__":
    sys.exit(main())
