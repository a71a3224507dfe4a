"""An application with one of everything that an inspection should name."""
import ctypes, mmap, os, select, signal, socket, struct, sys, threading, time

directory = sys.argv[1]
outside = (sys.argv[2], int(sys.argv[3]))
os.chdir(directory)

os.closerange(3, 1024)
keep = []
for _ in range(2):
    threading.Thread(target=threading.Event().wait, daemon=True).start()

memory_file = os.memfd_create("scratch")
os.ftruncate(memory_file, 65536)
os.pwrite(memory_file, b"m" * 8192, 0)
private = mmap.mmap(-1, 4 << 20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
private.write(os.urandom(4 << 20))
shared = mmap.mmap(-1, 1 << 20)
shared.write(os.urandom(1 << 20))
keep += [private, shared]

listener = socket.socket(socket.AF_UNIX)
listener.bind(directory + "/named.sock")
listener.listen()
client = socket.socket(socket.AF_UNIX)
client.connect(directory + "/named.sock")
keep += [listener, client, listener.accept()[0], socket.socketpair()]
abstract = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
abstract.bind("\0abstract-name")
keep.append(abstract)

server = socket.socket()
server.bind(("127.0.0.1", 7001))
server.listen()
inner = socket.create_connection(("127.0.0.1", 7001))
accepted = server.accept()[0]
inner.sendall(b"unread")
keep += [server, inner, accepted, socket.create_connection(outside)]
datagrams = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
datagrams.bind(("::1", 7002))
keep.append(datagrams)

log = open("log", "w")
gone = open("gone", "w+")
gone.write("g" * 2000)
gone.flush()
large = open("large", "w+")
large.truncate(3 << 19)
large.seek(1 << 20)
large.write("x" * 4096)
large.flush()
os.unlink("gone")
os.unlink("large")
keep += [log, gone, large, os.pipe()]
os.mkfifo("fifo")
keep.append(os.open("fifo", os.O_RDWR))

libc = ctypes.CDLL(None)
counter = os.eventfd(3)
timer = libc.timerfd_create(time.CLOCK_MONOTONIC, 0)
poll = select.epoll()
poll.register(counter, select.EPOLLIN)
mask = (ctypes.c_ubyte * 128)(1 << (signal.SIGUSR1 - 1 & 7))
signals = libc.signalfd(-1, mask, 0)
watches = libc.inotify_init()
libc.inotify_add_watch(watches, directory.encode(), 0x100)
device = os.open("/dev/urandom", os.O_RDONLY)

if os.fork() == 0:
    os._exit(7)  # stays a zombie
if os.fork() == 0:
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000))  # SECCOMP_RET_ALLOW
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 1, ctypes.addressof(allow)))
    if libc.prctl(22, 2, program, 0, 0) != 0:  # PR_SET_SECCOMP
        os._exit(1)
    if os.fork() == 0:
        signal.pause()
    os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(0.3)
with open("ready", "w") as ready:
    ready.write(str(os.getpid()))
while True:
    time.sleep(0.05)
