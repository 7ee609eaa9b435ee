#!/usr/bin/env python3
"""move-child.py FILE CGROUP: open FILE, and read it in a child that inherits the descriptor: first here, then in CGROUP. Prints both results."""
import errno
import os
import sys

file, cgroup = sys.argv[1:]
held = os.open(file, os.O_RDONLY)
said, saying = os.pipe()


def say():
    try:
        result = os.pread(held, 4096, 0)
    except OSError as error:
        result = errno.errorcode[error.errno].encode()
    os.write(saying, result + b"\n")


# The journal files a line under the unit of whoever writes it: the first process, which stays, writes for the child.
if os.fork() == 0:
    say()
    with open(f"{cgroup}/cgroup.procs", "w") as procs:
        procs.write(str(os.getpid()))
    say()
else:
    os.wait()
    print(os.read(said, 4096).decode(), end="")
