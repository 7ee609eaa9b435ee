#!/usr/bin/env python3
"""move-child.py FILE CGROUP: open FILE, and read it in a child that inherits the descriptor: first here, then in CGROUP. Prints both results."""
import errno
import os
import sys

file, cgroup = sys.argv[1:]
held = os.open(file, os.O_RDONLY)


def say():
    try:
        print(os.pread(held, 4096, 0).decode(), flush=True)
    except OSError as error:
        print(errno.errorcode[error.errno], flush=True)


if os.fork() == 0:
    say()
    with open(f"{cgroup}/cgroup.procs", "w") as procs:
        procs.write(str(os.getpid()))
    say()
else:
    os.wait()
