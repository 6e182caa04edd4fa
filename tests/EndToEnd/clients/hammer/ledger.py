"""What was done to which message, so that the end is known beforehand; and what each observer may never see."""
import hashlib, random, re, threading, time

# The role of a message is its number modulo 10: who may remove it, and where it ends.
KEPT, MUTT_DELETES, MUTT_SAVES, IMAP_EXPUNGES, IMAP_MOVES, POP3_DELETES, IMAP_COPIES, MUTT_FLAGS, NEAR_DELETES, IMAP_FLAGS = range(10)
FINAL = {
    KEPT: ["INBOX"], MUTT_DELETES: [], MUTT_SAVES: ["Saved"], IMAP_EXPUNGES: [], IMAP_MOVES: ["Archive"], POP3_DELETES: [],
    IMAP_COPIES: ["INBOX", "Copies"], MUTT_FLAGS: ["INBOX"], NEAR_DELETES: [], IMAP_FLAGS: ["INBOX"],
}
MAILBOXES = ["INBOX", "Saved", "Archive", "Copies"]
SUBJECT = re.compile(rb"^Subject: hammer ([a-z0-9-]+) role(\d)e\r?$", re.M)
HASH = re.compile(rb"^X-Hash: ([0-9a-f]+)\r?$", re.M)


def body_hash(body):
    """Of what a reader sees: line ends, quoting of From_ lines and blank lines at the end are the format's affair."""
    lines = re.sub(rb"^>+(?=From )", b"", body.replace(b"\r\n", b"\n"), flags=re.M)
    return hashlib.md5(lines.rstrip(b"\n")).hexdigest()


def wrong_body(octets):
    """Whether the body of a whole message is not the one it was made with."""
    head, _, body = octets.replace(b"\r\n", b"\n").partition(b"\n\n")
    said = HASH.search(head)
    return not said or said[1].decode() != body_hash(body)


def token_of(octets):
    """Token and role of a message or its header, or None."""
    found = SUBJECT.search(octets.replace(b"\r\n", b"\n").partition(b"\n\n")[0] + b"\n")
    return (found[1].decode(), int(found[2])) if found else None


class Ledger:
    def __init__(self, seconds):
        self.lock = threading.Lock()
        self.stop_at = time.monotonic() + seconds
        self.faults, self.done = [], {}
        self.acked, self.refused = {}, set()  # token -> role; tokens whose delivery was refused
        self.by_uid, self.by_token = {}, {}  # what every session together has seen
        self.gone = {}  # (mailbox, token) -> when its removal was acknowledged
        self.answered = set()  # tokens that an acknowledged STORE gave a flag
        self.numbers = {}

    @property
    def running(self):
        return time.monotonic() < self.stop_at

    def fault(self, text):
        with self.lock:
            self.faults.append(text)
            self.stop_at = 0

    def count(self, what, n=1):
        with self.lock:
            self.done[what] = self.done.get(what, 0) + n

    def new_message(self, source):
        """A message with a token of its own: token, octets with CRLF."""
        with self.lock:
            number = self.numbers[source] = self.numbers.get(source, random.randrange(10)) + 1
        token, role = f"{source}-{number}", number % 10
        lines = ["From the first line on", ">From quoted", ">>From twice", "", "Fr\u00f6hlich \u2026 ", ".", "..", " From indented"]
        lines += [f"{token} {'x' * random.randrange(70)}" for _ in range(random.randrange(60))] + ["From the last"]
        body = "\r\n".join(lines).encode() + b"\r\n"
        head = (f"From: {source} <x@h.test>\r\nTo: alice@example.test\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{token}@h.test>\r\n"
                f"Subject: hammer {token} role{role}e\r\nX-Hash: {body_hash(body)}\r\nMIME-Version: 1.0\r\n"
                "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
        return token, role, head.encode() + body

    def delivered(self, token, role, source):
        with self.lock:
            self.acked[token] = role
        self.count(source)

    def removed(self, mailbox, token):
        with self.lock:
            self.gone[mailbox, token] = time.monotonic()

    def saw(self, who, mailbox, validity, uid, token, since=None):
        """A session saw this message under this UID; since is when its view of the mailbox began."""
        with self.lock:
            if self.by_uid.setdefault((mailbox, validity, uid), token) != token:
                self.faults.append(f"{who}: UID {uid} of {mailbox} is {token} and was {self.by_uid[mailbox, validity, uid]}")
            known = self.by_token.setdefault((mailbox, token), (validity, uid))
            if known != (validity, uid) and mailbox != "Saved":  # mutt may save one twice.
                self.faults.append(f"{who}: {token} in {mailbox} has UID {uid} under {validity} and had {known[1]} under {known[0]}")
            if since is not None and self.gone.get((mailbox, token), since) < since:
                self.faults.append(f"{who}: {token} was removed from {mailbox} and is shown again")
