import hashlib

large = os.open("/tmp/large", os.O_RDWR | os.O_CREAT)
content = os.urandom(1 << 20) * 3
total = hashlib.sha256(content).hexdigest()
os.write(large, content)
del content
os.unlink("/tmp/large")
await_move()
say("deleted:", hashlib.sha256(os.pread(large, 4 << 20, 0)).hexdigest() == total)
say("end")
while True:
    time.sleep(1)
