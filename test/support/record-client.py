"""Makes the kernel send each kind of request to the recorder's mount (record.ts). Argument: the mount point."""

import ctypes
import fcntl
import mmap
import os
import signal
import subprocess
import sys
import tempfile

place = sys.argv[1]
secret = f"{place}/db/password"


def attempt(action, *arguments, **named):
    """What the recorder refuses is what it wants to hear."""
    try:
        return action(*arguments, **named)
    except OSError:
        return None


os.stat(place)
os.stat(secret)
attempt(os.stat, f"{place}/missing")
subprocess.run(["stat", "--format=%W", secret], check=True, stdout=subprocess.DEVNULL)  # STATX, for the birth time
os.listdir(f"{place}/db")
os.statvfs(place)
os.readlink(f"{place}/link")

fd = os.open(secret, os.O_RDONLY)
os.fstat(fd)
os.pread(fd, 7, 3)
with tempfile.TemporaryFile() as copy:
    os.sendfile(copy.fileno(), fd, 0, 100)
attempt(os.fsync, fd)
attempt(os.lseek, fd, 0, os.SEEK_DATA)
attempt(fcntl.ioctl, fd, 0x5401)
attempt(os.getxattr, secret, "user.x")
attempt(os.listxattr, secret)
os.close(fd)

attempt(os.access, secret, os.R_OK)
attempt(os.chmod, secret, 0o777)
attempt(os.mkdir, f"{place}/new")
attempt(os.rmdir, f"{place}/db")
attempt(os.unlink, secret)
attempt(os.rename, secret, f"{place}/moved")
ctypes.CDLL(None).renameat2(-100, secret.encode(), -100, f"{place}/moved".encode(), 1)
attempt(os.symlink, "target", f"{place}/new")
attempt(os.link, secret, f"{place}/new")
attempt(os.mknod, f"{place}/new", 0o600)
attempt(os.open, f"{place}/new", os.O_CREAT | os.O_WRONLY)
attempt(os.open, place, os.O_TMPFILE | os.O_WRONLY)
attempt(os.setxattr, secret, "user.x", b"value")
attempt(os.removexattr, secret, "user.x")
writer = os.open(secret, os.O_WRONLY)
attempt(os.write, writer, b"changed")
attempt(os.posix_fallocate, writer, 0, 10)
os.close(writer)
folder = os.open(f"{place}/db", os.O_RDONLY)
attempt(os.fsync, folder)
os.close(folder)

# In the handler of these the recorder sends notifications, which make the kernel forget one node, then several.
os.statvfs(place)
for name in "abc":
    os.stat(f"{place}/{name}")
os.statvfs(place)

# The recorder signals this process while its read is unanswered.
signal.signal(signal.SIGUSR2, lambda *_: None)
with open(f"{place}/interrupt", "rb", buffering=0) as file:
    file.read(10)
