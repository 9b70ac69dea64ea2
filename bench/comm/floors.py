# What the machine itself can do: python3 floors.py OPTIONS. One memcpy, and one push of all bytes through a loopback
# TCP connection and a Unix socket between two processes, acknowledged by one byte.
import json, os, socket, sys, tempfile, time

options = json.loads(sys.argv[1])


def measure(run, seconds):
    run()
    start = time.perf_counter()
    run()
    estimate = time.perf_counter() - start
    repetitions = round(min(2000, max(5, seconds / max(estimate, 1e-6))))
    durations = []
    for _ in range(repetitions):
        start = time.perf_counter()
        run()
        durations.append(time.perf_counter() - start)
    durations.sort()
    return repetitions, durations[repetitions // 2], durations[0]


def connected(family):
    listener = socket.socket(family)
    address = ("127.0.0.1", 0) if family == socket.AF_INET else os.path.join(tempfile.mkdtemp(), "s")
    listener.bind(address)
    listener.listen(1)
    return listener


def push(family, nbytes, seconds):
    listener = connected(family)
    if os.fork() == 0:
        peer, _ = listener.accept()
        buffer = memoryview(bytearray(nbytes))
        while True:
            got = 0
            while got < nbytes:
                n = peer.recv_into(buffer[got:])
                if n == 0:
                    os._exit(0)
                got += n
            peer.sendall(b"1")
    sender = socket.socket(family)
    sender.connect(listener.getsockname())
    if family == socket.AF_INET:
        sender.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    data = memoryview(bytearray(nbytes))

    def run():
        sender.sendall(data)
        sender.recv(1)

    result = measure(run, seconds)
    sender.close()
    os.wait()
    if family != socket.AF_INET:
        os.unlink(listener.getsockname())
        os.rmdir(os.path.dirname(listener.getsockname()))
    return result


timings = []
for nbytes in options["sizes"]:
    source, target = memoryview(bytearray(nbytes)), memoryview(bytearray(nbytes))

    def copy():
        target[:] = source

    results = {
        "memcpy": measure(copy, options["seconds"]),
        "tcp push": push(socket.AF_INET, nbytes, options["seconds"]),
        "unix push": push(socket.AF_UNIX, nbytes, options["seconds"]),
    }
    for operation, (repetitions, median, minimum) in results.items():
        timings.append(
            dict(operation=operation, ranks=2, bytes=nbytes, repetitions=repetitions,
                 medianSeconds=median, minimumSeconds=minimum)
        )
print(json.dumps(timings))
