# SPDX-License-Identifier: BSD-2-Clause
"""Run the command in one $O/check/<name>.t, keep its TAP and its exit status, and pass both on."""
import os
import pathlib
import subprocess
import sys


def main():
    spec = pathlib.Path(sys.argv[1])
    command = spec.read_text().splitlines()
    environment = dict(os.environ)
    name, wanted = spec.stem, environment.get("FH_T", "")
    # A filter that is not longer than the suite's own name selects all of its cases.
    if not wanted.startswith(name + "."):
        environment.pop("FH_T", None)
    with open(spec.with_suffix(".err"), "wb") as err:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=err, env=environment,
                             stdin=subprocess.DEVNULL, check=False, timeout=1800)
    spec.with_suffix(".tap").write_bytes(run.stdout)
    spec.with_suffix(".status").write_text(str(run.returncode))
    sys.stdout.buffer.write(run.stdout)
    sys.stdout.flush()
    if run.returncode:
        sys.stderr.write(spec.with_suffix(".err").read_text(errors="replace")[-4000:])
    return run.returncode if run.returncode >= 0 else 1


if __name__ == "__main__":
    sys.exit(main())
