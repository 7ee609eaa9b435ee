#!/usr/bin/env python3
"""thread-read.py FILE: read FILE from a second thread, and print it."""
import sys
import threading


def read():
    with open(sys.argv[1]) as opened:
        print(opened.read())


thread = threading.Thread(target=read)
thread.start()
thread.join()
