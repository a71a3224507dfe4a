import ctypes, select, signal, struct

alarms, posix = [0], [0]


def on_alarm(number, frame):
    alarms[0] += 1


def on_posix(number, frame):
    posix[0] += 1


signal.signal(signal.SIGALRM, on_alarm)
signal.signal(signal.SIGUSR2, on_posix)
signal.setitimer(signal.ITIMER_REAL, 0.02, 0.02)
signal.setitimer(signal.ITIMER_VIRTUAL, 3000)

libc = ctypes.CDLL(None, use_errno=True)
timer = ctypes.c_void_p()
# struct sigevent: value, signal, SIGEV_SIGNAL; struct itimerspec: interval and value, seconds and nanoseconds each.
libc.timer_create(time.CLOCK_MONOTONIC, struct.pack("qii48x", 0, signal.SIGUSR2, 0), ctypes.byref(timer))
libc.timer_settime(timer, 0, struct.pack("4q", 0, 20_000_000, 0, 20_000_000), None)

periodic = os.timerfd_create(time.CLOCK_MONOTONIC)
os.timerfd_settime(periodic, initial=0.02, interval=0.02)
once = os.timerfd_create(time.CLOCK_MONOTONIC)
os.timerfd_settime(once, initial=3000)
expired = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK)
os.timerfd_settime(expired, initial=0.01)
absolute = os.timerfd_create(time.CLOCK_MONOTONIC, flags=os.TFD_NONBLOCK)
os.timerfd_settime(absolute, flags=os.TFD_TIMER_ABSTIME, initial=time.monotonic() + 0.01)
until(lambda: select.select([absolute], [], [], 0)[0])
os.read(absolute, 8)
child = os.fork()
if child == 0:
    # Ends by its alarm, after the move.
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    while not moved():
        signal.alarm(3000)
        time.sleep(0.01)
    signal.setitimer(signal.ITIMER_REAL, min(signal.getitimer(signal.ITIMER_REAL)[0], 0.01))
    while True:
        signal.pause()
until(lambda: alarms[0] > 2 and posix[0] > 2)
# Expires before the checkpoint and is not read until after it.
os.read(periodic, 8)
until(lambda: select.select([periodic], [], [], 0)[0])
await_move()
stood = alarms[0], posix[0]
say("interval timer:", until(lambda: alarms[0] > stood[0] + 2))
say("POSIX timer:", until(lambda: posix[0] > stood[1] + 2))
say("timer descriptor:", struct.unpack("Q", os.read(periodic, 8))[0] > 0, struct.unpack("Q", os.read(periodic, 8))[0] > 0)
say("expired and not read:", struct.unpack("Q", os.read(expired, 8))[0])
say("expired and read:", select.select([absolute], [], [], 0.05)[0])
say("still to come:", 0 < os.timerfd_gettime(once)[0] < 3000, 0 < signal.getitimer(signal.ITIMER_VIRTUAL)[0] < 3001)
say("child's alarm:", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGALRM)
say("end")
while True:
    time.sleep(1)
