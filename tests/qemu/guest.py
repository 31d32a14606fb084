# SPDX-License-Identifier: BSD-2-Clause
"""
Boots one declared guest within its time limit, keeps its serial log, and prints the verdict as TAP.

    guest.py [--matrix FILE]... [--append BOOTARGS] [--log FILE] NAME
    guest.py [--matrix FILE]... --command NAME      shows the command instead
"""
import argparse
import pathlib
import shlex
import signal
import subprocess
import sys

import machine
import matrix
import tree
import verdict
from tap import Tap


def boot(words, log, limit):
    """Run QEMU; serial text goes to the file log as it comes. Return: an Outcome."""
    with open(log, "wb") as serial:
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=serial,
                                   stderr=subprocess.PIPE)
        try:
            stderr = process.communicate(timeout=limit)[1]
            status = process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            stderr = process.communicate()[1]
            status = None
        finally:
            process.kill()
    text = pathlib.Path(log).read_bytes().decode("utf-8", "replace")
    return verdict.Outcome(text, stderr.decode("utf-8", "replace"), status, limit)


def arguments():
    parser = argparse.ArgumentParser(description="Boot one declared guest; print TAP.")
    parser.add_argument("name")
    parser.add_argument("--matrix", action="append", help="file of declarations")
    parser.add_argument("--append", default="", help="bootargs beside the guest's own")
    parser.add_argument("--log", help="the serial log; default O/check/NAME.log")
    parser.add_argument("--command", action="store_true", help="show the QEMU command, do not run")
    return parser.parse_args()


def stop(number, _frame):
    # As an exception, so that QEMU does not outlive us.
    raise SystemExit(128 + number)


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, stop)
    tap = Tap()
    log = pathlib.Path(args.log or machine.build_folder() / "check" / f"{args.name}.log")
    try:
        guests = matrix.load(args.matrix)
        if args.name not in guests:
            raise matrix.MatrixError(f"{args.name}: no guest of this name is declared (ENOENT)")
        guest = guests[args.name]
        log.parent.mkdir(parents=True, exist_ok=True)
        words = machine.command(guest, log.with_suffix(".raw"), args.append)
    except (matrix.MatrixError, machine.SetupError, tree.TreeError) as error:
        tap.result(False, f"{args.name}: cannot start: {error}")
        return tap.finish()
    if args.command:
        print(shlex.join(words))
        return 0
    tap.note(shlex.join(words))
    outcome = boot(words, log, guest.timeout)
    sys.stderr.write(outcome.stderr)
    verdict.judge(tap, guest.name, guest.expect, outcome)
    return tap.finish()


if __name__ == "__main__":
    sys.exit(main())
