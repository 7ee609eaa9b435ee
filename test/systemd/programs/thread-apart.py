#!/usr/bin/env python3
"""thread-apart.py CGROUP_OF_PROCESS CGROUP_OF_THREAD FILE: read FILE by the first thread and by another one, each in its cgroup. Prints both results."""
import errno
import os
import sys
import threading

of_process, of_thread, file = sys.argv[1:]


def read():
    try:
        with open(file) as opened:
            return opened.read()
    except OSError as error:
        return errno.errorcode[error.errno]


def move(task, cgroup):
    # The root of the threaded subtree is where a process enters it; its threads are then placed one by one.
    with open(f"{cgroup}/cgroup.threads", "w") as threads:
        threads.write(str(task))


results = {}


def in_thread():
    move(threading.get_native_id(), of_thread)
    results["thread"] = read()


with open(f"{os.path.dirname(of_process)}/cgroup.procs", "w") as procs:
    procs.write(str(os.getpid()))
move(os.getpid(), of_process)
results["process"] = read()
other = threading.Thread(target=in_thread)
other.start()
other.join()
print(results["process"], results["thread"], sep="\n")
