"""COMPRESS=DEFLATE with zlib on this side: every response must be readable as soon as it was sent (RFC 4978).

compress.py PORTBASE CAFILE USER PASSWORD
"""
import ssl
import socket
import sys
import zlib

base, ca, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
context = ssl.create_default_context(cafile=ca)
sock = context.wrap_socket(socket.create_connection(("localhost", base + 993), timeout=120), server_hostname="localhost")
deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
inflate = zlib.decompressobj(-15)
compressed = False
pending = b""


def line():
    global pending
    while b"\r\n" not in pending:
        data = sock.recv(65536)
        assert data, "connection lost"
        pending += inflate.decompress(data) if compressed else data
    first, pending = pending.split(b"\r\n", 1)
    return first


def send(text, flush=zlib.Z_SYNC_FLUSH):
    data = text.encode()
    sock.sendall(deflate.compress(data) + deflate.flush(flush) if compressed else data)


def command(tag, text, flush=zlib.Z_SYNC_FLUSH):
    send(f"{tag} {text}\r\n", flush)
    lines = []
    while True:
        lines.append(line())
        if lines[-1].startswith(tag.encode() + b" "):
            assert lines[-1].startswith(tag.encode() + b" OK"), lines
            return lines


assert line().startswith(b"* OK")
assert b"COMPRESS=DEFLATE" in command("a", f'LOGIN {user} "{password}"')[-1]
command("b", "COMPRESS DEFLATE")
compressed = True
# Partial, sync and full flushes of the client are all understood.
for i, flush in enumerate([zlib.Z_PARTIAL_FLUSH, zlib.Z_SYNC_FLUSH, zlib.Z_FULL_FLUSH] * 20):
    command(f"n{i}", "NOOP", flush)
command("c", "CREATE Squeezed")
message = "Subject: squeezed\r\n\r\n" + "the same line again and again\r\n" * 40000
send(f"d APPEND Squeezed {{{len(message)}+}}\r\n{message}\r\n")
assert b"d OK" in line()
lines = command("e", "SELECT Squeezed")
assert b"* 1 EXISTS" in lines, lines
send("f FETCH 1 BODY.PEEK[]\r\n")
head = line()
assert head.endswith(b"{%d}" % len(message)), head
while len(pending) < len(message):
    pending += inflate.decompress(sock.recv(65536))
body, pending = pending[:len(message)], pending[len(message):]
assert body.decode() == message
while not line().startswith(b"f OK"):
    pass
# One octet at a time.
for octet in deflate.compress(b"g NOOP\r\n") + deflate.flush(zlib.Z_SYNC_FLUSH):
    sock.sendall(bytes([octet]))
assert line().startswith(b"g OK")
# IDLE: a push arrives although the server's compressor has rested meanwhile.
send("h IDLE\r\n")
assert line().startswith(b"+ ")
send("DONE\r\n")
assert line().startswith(b"h OK")
command("i", "DELETE Squeezed")
assert command("j", "LOGOUT")[0].startswith(b"* BYE")
print("ok")
