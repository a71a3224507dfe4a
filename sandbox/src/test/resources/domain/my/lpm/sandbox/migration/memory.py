import fcntl, hashlib, mmap, struct


def own_sum(region):
    return hashlib.sha256(region).hexdigest()


private = bytearray(os.urandom(24 << 20))
private_sum = own_sum(private)
memory_file = os.memfd_create("of the application", os.MFD_ALLOW_SEALING)
os.write(memory_file, ("sealed " + NONCE).encode())
fcntl.fcntl(memory_file, fcntl.F_ADD_SEALS, fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE)
mapped_file = os.memfd_create("mapped")
os.ftruncate(mapped_file, 1 << 20)
mapped = mmap.mmap(mapped_file, 1 << 20)
mapped[4000:4000 + 32] = NONCE.encode()
shared = mmap.mmap(-1, 1 << 20)
hole = mmap.mmap(-1, 64 << 20)
hole[32 << 20] = 7
forked = mmap.mmap(-1, 1 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
forked[0:6] = b"before"
child = os.fork()
if child == 0:
    forked[0:6] = b"copied"
    shared[100:132] = NONCE.encode()
    while shared[200] == 0:
        time.sleep(0.01)
    mapped[5000:5005] = forked[0:5]
    shared[201] = shared[200] + 1
    os._exit(0)
until(lambda: shared[100:132] == NONCE.encode())
read_only = open("/usr/bin/python3", "rb", buffering=0)
read_only.seek(100)
next_bytes = os.pread(read_only.fileno(), 50, 100)
await_move()
say("private memory:", own_sum(private) == private_sum)
say("memory file:", os.pread(memory_file, 100, 0).decode() == "sealed " + NONCE, os.lseek(memory_file, 0, os.SEEK_CUR))
try:
    os.pwrite(memory_file, b"x", 0)
    say("seal: broken")
except PermissionError:
    say("seal: kept")
say("mapped memory file:", os.pread(mapped_file, 32, 4000).decode() == NONCE)
mapped[0] = 42
say("still the same pages:", os.pread(mapped_file, 1, 0)[0])
say("shared with a child:", shared[100:132].decode() == NONCE)
shared[200] = 5
say("still shared:", until(lambda: shared[201] == 6))
os.waitpid(child, 0)
say("copied on write:", forked[0:6].decode(), os.pread(mapped_file, 5, 5000).decode())
say("sparse memory:", hole[32 << 20], hole[0], hole[(64 << 20) - 1])
say("position in a file of the image:", read_only.read(50) == next_bytes)
say("end")
while True:
    time.sleep(1)
