#!/usr/bin/env python3
"""One huge Maildir: how long the server takes to open and use it, and how much memory. million.py [MESSAGES]

The files are hard links to a few, so that a million of them take seconds and little disk. Each line: what, seconds, resident memory (and its
highest value so far) of the server in MiB. Linux; uses ./mailaccess demo with data of its own in a temporary folder.
"""
import imaplib, os, shutil, ssl, subprocess, sys, tempfile, time

imaplib._MAXLINE = 1 << 30
HERE = os.path.dirname(os.path.abspath(__file__))
LINKS_MAX = 20_000


def make(root, count):
    for folder in ("cur", "new", "tmp"):
        os.makedirs(f"{root}/{folder}")
    original = None
    for i in range(count):
        path = f"{root}/cur/17{i:08d}.M{i}P1.host:2,S"
        if i % LINKS_MAX:
            os.link(original, path)
            continue
        original = path
        with open(path, "w") as file:
            file.write(f"From: A <a{i}@x.test>\nTo: b@y.test\nSubject: message {i}\nDate: Mon, 2 Mar 2020 10:00:00 +0000\nMessage-ID: <{i}@x.test>\n\n" + "line\n" * 20)


class Server:
    def __init__(self, data):
        self.base = 43000
        self.log = open(f"{data}/log", "a")
        self.process = subprocess.Popen(
            [os.path.join(HERE, "..", "mailaccess"), "demo", "--port-base", str(self.base), "--data", data], stdout=self.log, stderr=self.log)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        while True:
            try:
                self.imap = imaplib.IMAP4_SSL("127.0.0.1", self.base + 993, ssl_context=context)
                break
            except OSError:
                time.sleep(0.2)
        self.imap.login("alice@example.test", "demo")

    def memory(self, key):
        with open(f"/proc/{self.process.pid}/status") as status:
            return next(int(line.split()[1]) for line in status if line.startswith(key)) >> 10

    def time(self, what, work):
        began = time.monotonic()
        kind, answer = work()
        taken = time.monotonic() - began
        assert kind == "OK", answer
        print(f"{what:34} {taken:8.3f} s {self.memory('VmRSS'):6} MiB (highest {self.memory('VmHWM')})", flush=True)

    def stop(self):
        self.imap.logout()
        self.process.terminate()
        self.process.wait()
        self.log.close()


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    data = tempfile.mkdtemp(prefix="mailaccess-million-")
    try:
        make(f"{data}/mail/alice@example.test/Maildir", count)
        middle = count // 2
        server = Server(data)
        print(f"{count} messages; started: {server.memory('VmRSS')} MiB")
        imap = server.imap
        server.time("SELECT, never opened before", imap.select)
        server.time("SELECT again", imap.select)
        server.time("FETCH 1:* (UID FLAGS)", lambda: imap.fetch("1:*", "(UID FLAGS)"))
        server.time("SEARCH UNSEEN", lambda: imap.search(None, "UNSEEN"))
        server.time("FETCH 1000 ENVELOPE RFC822.SIZE", lambda: imap.fetch(f"{middle}:{middle + 999}", "(ENVELOPE RFC822.SIZE)"))
        server.time("the same again", lambda: imap.fetch(f"{middle}:{middle + 999}", "(ENVELOPE RFC822.SIZE)"))
        server.time("STORE one", lambda: imap.store(str(middle), "+FLAGS", "(\\Flagged)"))
        server.time("APPEND", lambda: imap.append("INBOX", "", None, b"Subject: x\r\n\r\nx\r\n"))
        server.stop()
        for what in ("SELECT after a restart", "SELECT after another restart"):
            server = Server(data)
            server.time(what, server.imap.select)
            server.stop()
    finally:
        shutil.rmtree(data)


main()
