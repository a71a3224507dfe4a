import fcntl, struct

# Deleted, but open.
gone = os.open("/tmp/gone", os.O_RDWR | os.O_CREAT, 0o600)
os.unlink("/tmp/gone")
os.write(gone, ("deleted " + NONCE).encode())
os.lseek(gone, 3, os.SEEK_SET)
unnamed = os.open("/tmp", os.O_RDWR | os.O_TMPFILE)
os.write(unnamed, ("unnamed " + NONCE).encode())
os.mkdir("/tmp/directory")
directory = os.open("/tmp/directory", os.O_RDONLY)
os.mkdir("/tmp/working")
os.chdir("/tmp/working")

# Locks, whole and of a range, on a new file and on one of the image.
flocked = os.open("/etc/passwd", os.O_RDONLY)
fcntl.flock(flocked, fcntl.LOCK_EX)
ranged = os.open("/tmp/ranged", os.O_RDWR | os.O_CREAT)
os.write(ranged, b"." * 100)
fcntl.lockf(ranged, fcntl.LOCK_EX, 10, 20)
# struct flock on 64-bit machines: type, whence, start, length, pid.
described = os.open("/tmp/described", os.O_RDWR | os.O_CREAT)
fcntl.fcntl(described, fcntl.F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0))
appending = open("/tmp/appending", "a")
appending.write("first ")
appending.flush()
await_move()


def refused(take):
    """Whether another process cannot take a lock."""
    child = os.fork()
    if child == 0:
        try:
            take()
            os._exit(0)
        except BlockingIOError:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


say("deleted:", os.lseek(gone, 0, os.SEEK_CUR), os.pread(gone, 100, 0).decode() == "deleted " + NONCE,
    os.path.exists("/tmp/gone"), os.fstat(gone).st_nlink, oct(os.fstat(gone).st_mode & 0o777))
say("unnamed:", os.pread(unnamed, 100, 0).decode() == "unnamed " + NONCE, os.fstat(unnamed).st_nlink)
say("directory:", os.path.samestat(os.fstat(directory), os.stat("/tmp/directory")), os.getcwd())
say("locked whole:", refused(lambda: fcntl.flock(os.open("/etc/passwd", os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)))
for start in (0, 25, 30):
    say("locked at", start, refused(
        lambda: fcntl.lockf(os.open("/tmp/ranged", os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB, 5, start)))
say("locked by description:", refused(
    lambda: fcntl.lockf(os.open("/tmp/described", os.O_RDWR), fcntl.LOCK_EX | fcntl.LOCK_NB)))
fcntl.flock(flocked, fcntl.LOCK_UN)
say("unlocked:", not refused(lambda: fcntl.flock(os.open("/etc/passwd", os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)))
appending.write("second")
appending.flush()
say("appended:", open("/tmp/appending").read())
say("end")
while True:
    time.sleep(1)
