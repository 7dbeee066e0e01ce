"""Stands where the SDK's session stands, so that the launcher is tested alone: does what the first line says."""

import os
import subprocess
import sys
import time


def serve(sock):
    words = sock.makefile("r").readline().split()
    if words[0] == "echo":
        facts = [os.getcwd(), str(os.getpid() == os.getpgrp()), os.environ["PYTHONHASHSEED"], str(len(os.environ))]
        print("past print", flush=True)
        os.write(1, b"past the wrapper\n")
        sock.sendall((" ".join(facts) + "\n").encode())
        return 7
    if words[0] == "linger":
        name = f"lingers-{os.urandom(8).hex()}"  # by which it is found: its number is one of its namespace
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", name])
        sock.sendall(f"{name}\n".encode())
        time.sleep(1000 if words[1] == "both" else 0)
        return 0
    raise SystemExit(f"no such order: {words}")
