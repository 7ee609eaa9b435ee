#!/usr/bin/env python3
"""take-descriptor.py SOCKET HOW: get a descriptor from hold-descriptor.py, and say what reading it gives: HOW is read, sendfile or splice."""
import errno
import os
import socket
import sys

path, how = sys.argv[1:]
with socket.socket(socket.AF_UNIX) as connection:
    connection.connect(path)
    _, (taken,), _, _ = socket.recv_fds(connection, 1, 1)
try:
    if how == "read":
        got = os.pread(taken, 4096, 0)
    elif how == "sendfile":
        memory = os.memfd_create("sent")
        os.sendfile(memory, taken, 0, 4096)
        got = os.pread(memory, 4096, 0)
    else:
        out, into = os.pipe()
        os.splice(taken, into, 4096, offset_src=0)
        os.set_blocking(out, False)
        got = os.read(out, 4096)
    print(got.decode())
except OSError as error:
    print(errno.errorcode[error.errno])
