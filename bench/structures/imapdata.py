"""Reading IMAP as a strict client does: an answer that breaks the grammar of RFC 9051 section 9 is an exception."""
import re
import socket
import ssl

BATCH = 100


class Session:
    """A session with INBOX open, from PORT,CAFILE,USER,PASSWORD; with "-" for CAFILE without TLS."""

    def __init__(self, server):
        port, authority, user, password = server.split(",")
        connection = socket.create_connection(("localhost", int(port)), timeout=120)
        if authority != "-":
            connection = ssl.create_default_context(cafile=authority).wrap_socket(connection, server_hostname="localhost")
        self._stream = connection.makefile("rwb")
        self._stream.readline()
        self._command(f'LOGIN "{user}" "{password}"')
        self._command("EXAMINE INBOX")

    def fetch(self, count, items):
        """For each of the messages, a dictionary of what items(index) asks for: numbers, bytes, None and lists."""
        answers = [{} for _ in range(count)]
        for start in range(0, count, BATCH):
            last = min(start + BATCH, count)
            for index in range(start, last):
                self._stream.write(f"f FETCH {index + 1} {items(index)}\r\n".encode("latin-1"))
            self._stream.flush()
            for _ in range(start, last):
                for answer in self._answers():
                    if match := re.match(rb"\* (\d+) FETCH ", answer):
                        answers[int(match[1]) - 1].update(Reader(answer[match.end():]).items())
        return answers

    def _command(self, line):
        self._stream.write(f"f {line}\r\n".encode())
        self._stream.flush()
        return list(self._answers())

    def _answers(self):
        while not (line := self._line()).startswith(b"f "):
            yield line
        if not line.startswith(b"f OK"):
            raise ValueError(line)

    def _line(self):
        """A line with its literals."""
        line = self._stream.readline()
        if not line.endswith(b"\r\n"):
            raise ValueError(f"no line: {line!r}")
        while match := re.search(rb"\{(\d+)\}\r\n\Z", line):
            line += self._stream.read(int(match[1]))
            line += self._stream.readline()
        return line


class Reader:
    """Reads one list of IMAP data."""

    _NAME = re.compile(rb"[A-Z0-9.]+(\[[^\]]*\])?")
    _VALUE = re.compile(rb'(?P<list>\()|"(?P<quoted>(?:[^\x00\r\n"\\\x80-\xff]|\\["\\])*)"|\{(?P<literal>\d+)\}\r\n|(?P<nil>NIL)|(?P<number>\d+)')

    def __init__(self, data):
        self._data = data
        self._at = 0

    def items(self):
        """The msg-att of a FETCH response as a dictionary."""
        self._expect(b"(")
        items = {}
        while True:
            name = self._match(self._NAME)[0].decode("latin-1").upper()
            self._expect(b" ")
            items[name] = self._value()
            if self._next_is(b")"):
                self._expect(b")\r\n")
                if self._at != len(self._data):
                    raise ValueError(f"more behind the answer: {self._data[self._at:]!r}")
                return items
            self._expect(b" ")

    def _value(self):
        match = self._match(self._VALUE)
        text = match[match.lastgroup]
        match match.lastgroup:
            case "list":
                return self._rest_of_list()
            case "quoted":
                return re.sub(rb"\\(.)", rb"\1", text) if b"\\" in text else text
            case "literal":
                return self._octets(int(text))
            case "nil":
                return None
            case _:
                return int(text)

    def _rest_of_list(self):
        values = []
        while not self._next_is(b")"):
            if values and not (isinstance(values[-1], list) and self._next_is(b"(")):
                self._expect(b" ")
            values.append(self._value())
        self._expect(b")")
        if not values:
            raise ValueError("an empty list")
        return values

    def _octets(self, count):
        octets = self._data[self._at:self._at + count]
        if b"\0" in octets:
            raise ValueError("NUL in a literal")
        self._at += count
        return octets

    def _next_is(self, text):
        return self._data.startswith(text, self._at)

    def _match(self, pattern):
        match = pattern.match(self._data, self._at)
        if not match:
            raise ValueError(f"{pattern} expected at {self._data[self._at:self._at + 60]!r} in {self._data[:200]!r}")
        self._at = match.end()
        return match

    def _expect(self, text):
        if not self._next_is(text):
            raise ValueError(f"{text} expected at {self._data[self._at:self._at + 60]!r} in {self._data[:200]!r}")
        self._at += len(text)
