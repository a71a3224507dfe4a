import sys


def pair(word):
    say(word, "on stdout")
    os.write(2, (word + " on stderr nonce=" + NONCE + "\n").encode())


pair("one")
os.write(2, b"half a line ")
await_move()
os.write(2, ("whole nonce=" + NONCE + "\n").encode())
for number in ("two", "three"):
    pair(number)
say("input:", len(sys.stdin.read()))
say("targets differ:", os.stat("/proc/self/fd/1").st_ino != os.stat("/proc/self/fd/2").st_ino)
say("end")
while True:
    time.sleep(1)
