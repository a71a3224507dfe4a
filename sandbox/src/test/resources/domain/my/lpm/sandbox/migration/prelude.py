import os, time

NONCE = os.urandom(16).hex()
HOME = os.uname().nodename


def say(*words):
    os.write(1, (" ".join(map(str, words)) + " nonce=" + NONCE + "\n").encode())


def moved():
    return os.uname().nodename != HOME


def until(condition):
    """Whether it came true while the deadline, which is far off, had not passed."""
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def await_move():
    say("ready")
    while not moved():
        time.sleep(0.01)


