"""Sends with smtplib, reads with imaplib and poplib, and compares octets.

roundtrip.py PORTBASE CAFILE FROM TO PASSWORD
"""
import imaplib
import poplib
import smtplib
import ssl
import sys
import time
from email.message import EmailMessage

base, ca, sender, recipient, password = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5]
tls = ssl.create_default_context(cafile=ca)

message = EmailMessage()
token = f"round-trip-{time.time_ns()}"
message["From"], message["To"], message["Subject"] = sender, recipient, f"Ünïcödé {token}"
message["Message-ID"] = f"<{token}@example.test>"
message["Date"] = "Sat, 21 Nov 2026 10:00:00 +0000"
message.set_content("Zeile eins\n.\n..zwei\nFrom here on\n" + "x" * 900 + "\n")
message.add_attachment(bytes(range(256)) * 40, maintype="application", subtype="octet-stream", filename="ä.bin")
octets = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))

with smtplib.SMTP("localhost", base + 587) as smtp:
    smtp.starttls(context=tls)
    smtp.login(sender, password)
    smtp.sendmail(sender, [recipient], octets)
with smtplib.SMTP_SSL("localhost", base + 465, context=tls) as smtp:
    smtp.login(sender, password)
    smtp.noop()

with imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls) as imap:
    imap.login(recipient, password)
    imap.select("INBOX")
    _, found = imap.uid("SEARCH", "HEADER", "Message-ID", token)
    uid = found[0].decode()
    assert uid.isdigit(), found
    _, data = imap.uid("FETCH", uid, "(BODY.PEEK[] RFC822.SIZE)")
    by_imap = data[0][1]
    assert f"RFC822.SIZE {len(by_imap)}" in (data[0][0] + (data[1] if isinstance(data[1], bytes) else b"")).decode(), data[0][0]
    typ, plain = imap.uid("FETCH", uid, "(BODY.PEEK[TEXT])")
    assert plain[0][1] == octets.split(b"\r\n\r\n", 1)[1]

with imaplib.IMAP4("localhost", base + 143) as imap:
    imap.starttls(ssl_context=tls)
    imap.authenticate("PLAIN", lambda _: f"\0{recipient}\0{password}".encode())
    imap.select("INBOX", readonly=True)

pop = poplib.POP3("localhost", base + 110)
pop.stls(context=tls)
pop.user(recipient)
pop.pass_(password)
count, total = pop.stat()
for number in range(1, count + 1):
    _, lines, size = pop.retr(number)
    by_pop = b"".join(line + b"\r\n" for line in lines)
    if token.encode() in by_pop:
        break
else:
    raise SystemExit("POP3 does not have the message")
assert by_pop == by_imap, "POP3 and IMAP differ"
assert int(pop.list(number).split()[2]) == len(by_pop)
assert by_pop.endswith(octets), "what arrived does not end with what was sent"
pop.dele(number)
pop.rset()
pop.quit()

pop = poplib.POP3_SSL("localhost", base + 995, context=tls)
pop.user(recipient)
pop.pass_(password)
pop.dele(number)
pop.quit()
with imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls) as imap:
    imap.login(recipient, password)
    imap.select("INBOX")
    _, found = imap.uid("SEARCH", "HEADER", "Message-ID", token)
    assert found == [b""], found
print("ok")
