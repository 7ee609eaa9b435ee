#!/usr/bin/env python3
"""hold-descriptor.py FILE SOCKET: open FILE, and give the descriptor to whoever connects to SOCKET. Tells systemd when it is ready."""
import os
import socket
import sys

file, path = sys.argv[1:]
held = os.open(file, os.O_RDONLY)
listener = socket.socket(socket.AF_UNIX)
listener.bind(path)
listener.listen()
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
    notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
while True:
    connection, _ = listener.accept()
    socket.send_fds(connection, [b"x"], [held])
    connection.close()
