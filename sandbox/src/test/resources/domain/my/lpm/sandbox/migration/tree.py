import signal

reports, report = os.pipe()
signal.signal(signal.SIGTERM, signal.SIG_DFL)


def ids():
    return (os.getpid(), os.getppid(), os.getpgrp(), os.getsid(0))


def member(name):
    """Tells once before the move what it is, and once after it whether it is the same still."""
    before = ids()
    os.write(report, b"%s started\n" % name.encode())
    while not moved():
        time.sleep(0.01)
    os.write(report, b"%s %s\n" % (name.encode(), b"same" if ids() == before else repr((before, ids())).encode()))
    while True:
        time.sleep(0.01)


def lines(count):
    text = b""
    while text.count(b"\n") < count:
        text += os.read(reports, 1000)
    return sorted(text.decode().splitlines())


in_group = os.fork()
if in_group == 0:
    os.setpgid(0, 0)
    if os.fork() == 0:
        member("in the leader's group")
    member("leader of a group")

session = os.fork()
if session == 0:
    os.setsid()
    if os.fork() == 0:
        os.setpgid(0, 0)
        member("group in another session")
    member("leader of a session")

# The leader of this session has ended before the checkpoint.
gone = os.fork()
if gone == 0:
    os.setsid()
    if os.fork() == 0:
        while os.getppid() != 1:
            time.sleep(0.01)
        member("orphan")
    os._exit(0)
os.waitpid(gone, 0)

zombie = os.fork()
if zombie == 0:
    os._exit(7)
killed = os.fork()
if killed == 0:
    os.kill(os.getpid(), signal.SIGKILL)
os.waitid(os.P_PID, zombie, os.WEXITED | os.WNOWAIT)
os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)

lines(5)
mine = ids()
await_move()
for line in lines(5):
    say(line)
say("first process", "same" if ids() == mine else ids())
say("zombies:", *(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in (zombie, killed)))
os.killpg(in_group, signal.SIGTERM)
say("group killed:", os.waitstatus_to_exitcode(os.waitpid(in_group, 0)[1]))
fresh = os.fork()
if fresh == 0:
    os._exit(3)
say("new child:", os.waitstatus_to_exitcode(os.waitpid(fresh, 0)[1]))
say("end")
while True:
    time.sleep(1)
