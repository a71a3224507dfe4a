import ctypes, signal, threading

heard = []
for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGRTMIN + 1):
    signal.signal(number, lambda which, frame: heard.append(which))
signal.signal(signal.SIGHUP, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1, signal.SIGRTMIN + 1})
os.kill(os.getpid(), signal.SIGUSR1)
os.kill(os.getpid(), signal.SIGUSR1)
for times in range(3):
    os.kill(os.getpid(), signal.SIGRTMIN + 1)

libc = ctypes.CDLL(None)


class Information(ctypes.Structure):
    # siginfo_t as sigqueue(3) fills it on 64-bit machines.
    _fields_ = [("number", ctypes.c_int), ("error", ctypes.c_int), ("code", ctypes.c_int), ("pad", ctypes.c_int),
                ("pid", ctypes.c_int), ("uid", ctypes.c_int), ("value", ctypes.c_int), ("rest", ctypes.c_char * 100)]


signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGRTMIN + 2})
libc.sigqueue(os.getpid(), signal.SIGRTMIN + 2, ctypes.c_void_p(4711))

# Pending for one thread alone.
waiting = threading.Event()
of_thread = []


def blocks():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR2})
    signal.pthread_kill(threading.get_ident(), signal.SIGUSR2)
    waiting.wait()
    of_thread.append(signal.SIGUSR2 in signal.sigpending())
    of_thread.append(signal.sigtimedwait({signal.SIGUSR2}, 10) is not None)


thread = threading.Thread(target=blocks)
thread.start()

await_move()

say("heard while blocked:", heard)
say("pending:", sorted(int(number) for number in signal.sigpending()) == sorted(
    [signal.SIGUSR1, signal.SIGRTMIN + 1, signal.SIGRTMIN + 2]))
waiting.set()
thread.join()
say("pending for a thread:", *of_thread)
mask = (ctypes.c_ulong * 16)(1 << (signal.SIGRTMIN + 2 - 1))
information = Information()
say("queued value:", libc.sigwaitinfo(mask, ctypes.byref(information)) == signal.SIGRTMIN + 2, information.value)
signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGUSR1, signal.SIGRTMIN + 1})
until(lambda: len(heard) >= 1)
say("delivered:", heard.count(signal.SIGUSR1), "and", until(lambda: heard.count(signal.SIGRTMIN + 1) >= 1))
os.kill(os.getpid(), signal.SIGHUP)
say("ignored:", signal.getsignal(signal.SIGHUP) is signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGUSR2)
say("handled:", until(lambda: signal.SIGUSR2 in heard))
say("end")
while True:
    time.sleep(1)
