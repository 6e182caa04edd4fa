"""What smtplib meets besides a good day: refusals, BDAT by hand, 50 MB in chunks; read back with poplib, octet for octet.

submission.py PORTBASE CAFILE FROM TO PASSWORD
"""
import base64
import hashlib
import poplib
import smtplib
import ssl
import sys
import time

base, ca, sender, recipient, password = int(sys.argv[1]), *sys.argv[2:]
tls = ssl.create_default_context(cafile=ca)
token = f"submission-{time.time_ns()}"


def header(name, extra=""):
    return f"From: {sender}\r\nTo: {recipient}\r\nSubject: {token}-{name}\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{token}-{name}@example.test>\r\n{extra}\r\n".encode()


def refused(expected, action):
    try:
        action()
    except smtplib.SMTPResponseException as error:
        assert error.smtp_code == expected[0] and error.smtp_error.startswith(expected[1]), error
    except smtplib.SMTPRecipientsRefused as error:
        code, text = error.recipients[recipient if recipient in error.recipients else next(iter(error.recipients))]
        assert code == expected[0] and text.startswith(expected[1]), error
    else:
        raise SystemExit(f"{expected} was not said")


def bdat(smtp, octets, last=False):
    smtp.send(b"BDAT %d%s\r\n" % (len(octets), b" LAST" if last else b"") + octets)
    code, text = smtp.getreply()
    assert code == 250, (code, text)


def begin(smtp, size, *options):
    for code, text in (smtp.mail(sender, [f"SIZE={size}", *options]), smtp.rcpt(recipient)):
        assert code == 250, (code, text)


sent = {}
with smtplib.SMTP("localhost", base + 587) as smtp:
    refused((530, b"5.7.0"), lambda: smtp.sendmail(sender, [recipient], header("early")))
    smtp.starttls(context=tls)
    refused((535, b"5.7.8"), lambda: smtp.login(sender, "wrong", initial_response_ok=False))
with smtplib.SMTP_SSL("localhost", base + 465, context=tls) as smtp:
    smtp.login(sender, password)
    for mechanism in ("PLAIN", "LOGIN"):
        assert mechanism in smtp.esmtp_features["auth"].split()
    refused((553, b"5.7.1"), lambda: smtp.sendmail(recipient, [recipient], header("foreign")))
    refused((550, b"5.1.1"), lambda: smtp.sendmail(sender, ["nobody@example.test"], header("unknown")))
    # Several recipients, one of them bad: the others get it, and the bad one is named.
    body = header("some") + b"one is bad\r\n"
    bad = smtp.sendmail(sender, [recipient, "nobody@example.test", sender], body)
    assert list(bad) == ["nobody@example.test"] and bad["nobody@example.test"][0] == 550, bad
    sent["some"] = body
    # Somebody else's address in From.
    refused((550, b"5.7.1"), lambda: smtp.sendmail(sender, [recipient], header("from").replace(f"From: {sender}".encode(), b"From: other@example.test")))

    # BDAT by hand: chunks that part lines, CR from LF, and dots that mean nothing.
    body = header("chunks") + b".\r\n..\r\nparted \xc3\xa4nd \r\nparted\r\n.\r\n"
    begin(smtp, len(body), "BODY=8BITMIME")
    cut = body.index(b"\r\nparted\r") + 1
    for piece in (body[:7], body[7:cut], body[cut:-2]):
        bdat(smtp, piece)
    bdat(smtp, body[-2:], last=True)
    sent["chunks"] = body
    # Binary: octets that no DATA could carry, kept in base64.
    binary = bytes(range(256)) * 64
    body = header("binary", "MIME-Version: 1.0\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n") + binary
    begin(smtp, len(body), "BODY=BINARYMIME")
    bdat(smtp, body, last=True)
    # DATA may not follow BODY=BINARYMIME (RFC 3030 §3).
    begin(smtp, 10, "BODY=BINARYMIME")
    code, text = smtp.docmd("DATA")
    assert code == 503, (code, text)
    smtp.rset()
    # 50 MB, sixteen at a time.
    line = b"0123456789 abcdefghij \xc3\xa4\xc3\xb6\xc3\xbc\r\n"
    body = header("big") + line * ((50 << 20) // len(line) - 100)
    begin(smtp, len(body), "BODY=8BITMIME")
    for start in range(0, len(body), 16 << 20):
        bdat(smtp, body[start:start + (16 << 20)])
    bdat(smtp, b"", last=True)
    sent["big"] = body
    # And no octet more than is announced.
    code, text = smtp.mail(sender, [f"SIZE={(50 << 20) + 1}"])
    assert code == 552 and text.startswith(b"5.3.4"), (code, text)

poplib._MAXLINE = 1 << 16
pop = poplib.POP3_SSL("localhost", base + 995, context=tls)
pop.user(recipient)
pop.pass_(password)
count, _ = pop.stat()
seen = set()
for number in range(1, count + 1):
    top = b"\n".join(pop.top(number, 0)[1])
    if token.encode() not in top:
        continue
    name = top.split(token.encode() + b"-", 1)[1].split(b"\n")[0].strip().split(b"@")[0].decode()
    pop._putcmd(f"RETR {number}")
    pop._getresp()
    received = bytearray()
    while (got := pop.file.readline()) != b".\r\n":
        received += got[1:] if got.startswith(b"..") else got
    if name == "binary":
        head, _, content = bytes(received).partition(b"\r\n\r\n")
        assert b"Content-Transfer-Encoding: base64" in head, head
        assert base64.b64decode(content) == binary
    else:
        assert hashlib.sha256(received[-len(sent[name]):]).digest() == hashlib.sha256(sent[name]).digest(), name
        assert bytes(received[:-len(sent[name])]).startswith(b"Return-Path: <"), name
    assert int(pop.list(number).split()[2]) == len(received), name
    seen.add(name)
    pop.dele(number)
pop.quit()
assert seen == {"some", "chunks", "binary", "big"}, seen
print("ok")
