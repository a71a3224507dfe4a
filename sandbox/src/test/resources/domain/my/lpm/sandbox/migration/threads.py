import queue, threading

counts = [0] * 4
work, done = queue.Queue(), queue.Queue()


def count(index):
    own = threading.local()
    own.name = "thread %d" % index
    while True:
        counts[index] += 1
        if not work.empty():
            done.put((own.name, work.get(), threading.get_native_id()))
            return
        time.sleep(0.005)


threads = [threading.Thread(target=count, args=[index]) for index in range(4)]
for thread in threads:
    thread.start()
ids = {thread.name: thread.native_id for thread in threads}
until(lambda: min(counts) > 2)
await_move()
stood = list(counts)
say("all go on:", until(lambda: all(now > then for now, then in zip(counts, stood))))
say("counted before:", all(then > 2 for then in stood))
for item in range(4):
    work.put(item)
for thread in threads:
    thread.join()
answers = [done.get() for thread in threads]
say("answers:", *sorted(name for name, item, native in answers))
say("same thread ids:", sorted(native for name, item, native in answers) == sorted(ids.values()))
say("end")
while True:
    time.sleep(1)
