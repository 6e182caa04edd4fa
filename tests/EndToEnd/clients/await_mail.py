"""Waits with IDLE until a message in INBOX holds all of some words, and prints it: await_mail.py PORTBASE CAFILE USER PASSWORD SECONDS WORDS...

Ends with 1 where it has not come in time.
"""
import socket
import ssl
import sys
import time

base, ca, user, password, seconds, *words = sys.argv[1:]
end = time.monotonic() + float(seconds)
stream = ssl.create_default_context(cafile=ca).wrap_socket(socket.create_connection(("localhost", int(base) + 993), timeout=60), server_hostname="localhost")
reader = stream.makefile("rb")
count = 0


def say(command):
    global count
    count += 1
    stream.sendall(f"a{count} {command}\r\n".encode())
    return f"a{count} ".encode()


def ask(command):
    tag = say(command)
    lines = []
    while True:
        line = reader.readline()
        if line.endswith(b"}\r\n"):
            lines.append(reader.read(int(line[line.rindex(b"{") + 1:-3])))
        elif line.startswith(tag):
            assert line.startswith(tag + b"OK"), line
            return lines
        else:
            assert line, "the server closed the connection"
            lines.append(line)


reader.readline()
ask(f'LOGIN "{user}" "{password}"')
ask("SELECT INBOX")
while True:
    found = [n for line in ask("SEARCH " + " ".join(f'TEXT "{w}"' for w in words)) if line.startswith(b"* SEARCH") for n in line.split()[2:]]
    if found:
        sys.stdout.buffer.write(max(ask(f"FETCH {found[0].decode()} BODY.PEEK[]"), key=len))
        break
    tag = say("IDLE")
    stream.settimeout(max(0.1, end - time.monotonic()))
    try:
        while b"EXISTS" not in (line := reader.readline()):
            assert line, "the server closed the connection"
    except TimeoutError:
        sys.exit(f"no message with {words} in {seconds} s")
    stream.settimeout(60)
    stream.sendall(b"DONE\r\n")
    while not reader.readline().startswith(tag):
        pass
