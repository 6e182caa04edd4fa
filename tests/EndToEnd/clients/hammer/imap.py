"""An IMAP session that believes nothing: it keeps its own view of the mailbox and checks every untagged response against it."""
import re, socket, ssl, time

LITERAL = re.compile(rb"\{(\d+)\}\r\n$")


class View:
    """Sequence numbers to UIDs, as one session was told."""

    def __init__(self, who, mailbox, ledger):
        self.who, self.mailbox, self.ledger = who, mailbox, ledger
        self.uids, self.ever, self.validity, self.began = [], set(), "", time.monotonic()

    def fault(self, text):
        self.ledger.fault(f"{self.who} in {self.mailbox}: {text}; knows {len(self.uids)} messages")

    def exists(self, count):
        if count < len(self.uids):
            self.fault(f"EXISTS {count} without EXPUNGE")
        self.uids += [None] * (count - len(self.uids))

    def expunge(self, number, command):
        if command.split()[0] in ("FETCH", "STORE", "SEARCH"):
            self.fault(f"EXPUNGE {number} in answer to {command}")  # RFC 9051 7.5.1
        if not 1 <= number <= len(self.uids):
            self.fault(f"EXPUNGE {number}")
        else:
            self.uids.pop(number - 1)

    def fetched(self, number, uid):
        if not 1 <= number <= len(self.uids):
            self.fault(f"FETCH {number}")
            return
        known = self.uids[number - 1]
        if known is None:
            below = max((u for u in self.uids[:number - 1] if u), default=0)
            above = min((u for u in self.uids[number:] if u), default=1 << 32)
            if not below < uid < above or uid in self.ever:
                self.fault(f"message {number} has UID {uid}, between {below} and {above}; shown before: {uid in self.ever}")
            self.uids[number - 1] = uid
            self.ever.add(uid)
        elif known != uid:
            self.fault(f"message {number} has UID {uid}, and had {known}")


class Imap:
    def __init__(self, port, ca, user, password, who, ledger):
        raw = socket.create_connection(("localhost", port), timeout=60)
        self.socket = ssl.create_default_context(cafile=ca).wrap_socket(raw, server_hostname="localhost")
        self.stream, self.who, self.ledger, self.tag, self.view = self.socket.makefile("rb"), who, ledger, 0, None
        self.response()
        self.must(f"LOGIN {user} {password}")

    def response(self):
        """One response, literals included."""
        octets = self.stream.readline()
        while (found := LITERAL.search(octets)):
            octets += self.stream.read(int(found[1])) + self.stream.readline()
        if not octets.endswith(b"\r\n"):
            raise OSError(f"{self.who}: the server closed the connection: {octets!r}")
        return octets

    def command(self, line, literal=None):
        """Sends it, takes all responses into the view: (status line, untagged responses)."""
        self.tag += 1
        tag = f"t{self.tag} ".encode()
        self.socket.sendall(tag + line.encode() + (b"" if literal is None else b" {%d+}\r\n" % len(literal) + literal) + b"\r\n")
        untagged = []
        while not (octets := self.response()).startswith(tag):
            untagged.append(octets)
            if self.view:
                self.heard(octets, line)
        return octets[len(tag):].decode(), untagged

    def must(self, line, literal=None):
        status, untagged = self.command(line, literal)
        if not status.startswith("OK"):
            self.ledger.fault(f"{self.who}: {line} was answered {status.strip()}")
        return untagged

    def heard(self, octets, command):
        if (found := re.match(rb"\* (\d+) EXISTS", octets)):
            self.view.exists(int(found[1]))
        elif (found := re.match(rb"\* (\d+) EXPUNGE", octets)):
            self.view.expunge(int(found[1]), command)
        elif (found := re.match(rb"\* (\d+) FETCH \(.*?\bUID (\d+)", octets, re.S)):
            self.view.fetched(int(found[1]), int(found[2]))

    def select(self, mailbox):
        self.view = None
        began = time.monotonic()
        view = View(self.who, mailbox, self.ledger)
        status, untagged = self.command(f"SELECT {mailbox}")
        if not status.startswith("OK"):
            return status
        for octets in untagged:
            if (found := re.match(rb"\* (\d+) EXISTS", octets)):
                view.uids = [None] * int(found[1])
            if (found := re.search(rb"\[UIDVALIDITY (\d+)\]", octets)):
                view.validity = found[1].decode()
        self.view, view.began = view, began
        return status
