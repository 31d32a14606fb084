# SPDX-License-Identifier: BSD-2-Clause
"""
Runs one test program for prove: its TAP goes to prove and to BASE.tap, its stderr to BASE.err, its
exit status to BASE.status. A program that outlives its time limit is ended and has failed.

    tap_run.py BASE SECONDS COMMAND...
"""
import subprocess
import sys
import threading


def copy(source, sinks):
    for line in source:
        for sink in sinks:
            sink.write(line)
            sink.flush()


def main():
    base, limit, words = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    with open(f"{base}.tap", "wb") as tap, open(f"{base}.err", "wb") as err:
        try:
            program = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                       stderr=err)
        except OSError as error:
            err.write(f"{words[0]}: {error}\n".encode())
            return 127
        reader = threading.Thread(target=copy, args=(program.stdout, [tap, sys.stdout.buffer]))
        reader.start()
        try:
            status = program.wait(limit)
        except subprocess.TimeoutExpired:
            # SIGTERM first: a guest's runner takes QEMU with it.
            program.terminate()
            err.write(f"hang: still running after {limit:g} s\n".encode())
            try:
                program.wait(10)
            except subprocess.TimeoutExpired:
                program.kill()
            status = 124
        finally:
            program.kill()
        reader.join(10)
    with open(f"{base}.status", "w") as file:
        file.write(f"{status}\n")
    return status if 0 <= status < 128 else 125


if __name__ == "__main__":
    sys.exit(main())
