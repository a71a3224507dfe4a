import select, signal, socket

# Bytes that nobody has read when the checkpoint is taken.
pipe_out, pipe_in = os.pipe()
os.write(pipe_in, ("in a pipe " + NONCE).encode())
full_out, full_in = os.pipe()
os.set_blocking(full_in, False)
full = 0
try:
    while True:
        full += os.write(full_in, os.urandom(1) * 4096)
except BlockingIOError:
    pass
stream_left, stream_right = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
stream_left.sendall(b"in a stream")
datagram_left, datagram_right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
for word in (b"first", b"second", b"third"):
    datagram_left.send(word)
sequence_left, sequence_right = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
sequence_left.send(b"packet")
half_left, half_right = socket.socketpair()
half_left.sendall(b"last words")
half_left.shutdown(socket.SHUT_WR)

listener = socket.socket(socket.AF_UNIX)
listener.bind("/tmp/listener")
listener.listen()
abstract = socket.socket(socket.AF_UNIX)
abstract.bind("\0of the application")
abstract.listen()
event = os.eventfd(5)
events = select.epoll()
events.register(stream_right.fileno(), select.EPOLLIN)
events.register(event, select.EPOLLIN)

# A child that blocks in reading what its parent will send.
to_child, from_child = os.pipe(), os.pipe()
child = os.fork()
if child == 0:
    os.close(to_child[1])
    while True:
        question = os.read(to_child[0], 100)
        if not question:
            os._exit(9)
        os.write(from_child[1], question + b" answered by %d" % os.getpid())
os.close(to_child[0])
os.write(to_child[1], b"before")
os.read(from_child[0], 100)

await_move()

say("pipe:", os.read(pipe_out, 1000).decode() == "in a pipe " + NONCE)
say("full pipe:", sum(len(os.read(full_out, 4096)) for page in range(full // 4096)) == full)
say("ready descriptors:", sorted(events.poll(10)) == sorted(
    [(stream_right.fileno(), select.EPOLLIN), (event, select.EPOLLIN)]))
say("stream:", stream_right.recv(100).decode())
stream_right.sendall(b"and back")
say("stream", stream_left.recv(100).decode())
say("datagrams:", *(datagram_right.recv(100).decode() for word in range(3)))
say("packets:", sequence_right.recv(100).decode())
say("half closed:", half_right.recv(100).decode(), len(half_right.recv(100)))
say("event counter:", os.eventfd_read(event))
for name, listening in (("/tmp/listener", listener), ("\0of the application", abstract)):
    client = socket.socket(socket.AF_UNIX)
    client.connect(name)
    server, _ = listening.accept()
    client.sendall(b"accepted")
    say("listener:", server.recv(100).decode())
os.write(to_child[1], b"question")
say("child:", os.read(from_child[0], 100).decode() == "question answered by %d" % child)
os.close(to_child[1])
say("child's end:", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
say("end")
while True:
    time.sleep(1)
