import mmap

named = os.open("/dev/shm/named", os.O_RDWR | os.O_CREAT, 0o640)
os.ftruncate(named, 1 << 20)
region = mmap.mmap(named, 1 << 20)
region[4096:4096 + 32] = NONCE.encode()
unopened = open("/dev/shm/unopened", "w")
unopened.write(NONCE)
unopened.close()
await_move()
say("mapped:", region[4096:4096 + 32].decode() == NONCE)
again = mmap.mmap(os.open("/dev/shm/named", os.O_RDWR), 1 << 20)
again[0] = 9
say("the same by its name:", region[0], oct(os.stat("/dev/shm/named").st_mode & 0o777))
say("not open:", open("/dev/shm/unopened").read() == NONCE)
say("end")
while True:
    time.sleep(1)
