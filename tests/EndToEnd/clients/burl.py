"""A message that lies in a mailbox is sent by its URL (RFC 4467, RFC 4468) and arrives with the octets that it had.

burl.py PORTBASE CAFILE FROM TO PASSWORD HOST OCTETS
"""
import hashlib
import imaplib
import re
import smtplib
import ssl
import sys

base, ca, sender, recipient, password, host, size = int(sys.argv[1]), *sys.argv[2:7], int(sys.argv[7])
tls = ssl.create_default_context(cafile=ca)
imaplib.Commands.update({"GENURLAUTH": ("AUTH", "SELECTED"), "URLFETCH": ("AUTH", "SELECTED"), "RESETKEY": ("AUTH", "SELECTED")})
name = sender.replace("@", "%40")
token = f"burl-{size}"
line = b"".join(bytes([0x61 + (i % 26)]) for i in range(74)) + b"\r\n"
octets = (f"From: {sender}\r\nTo: {recipient}\r\nSubject: {token}\r\nMessage-ID: <{token}@example.test>\r\n"
          "Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n").encode() + line * (size // len(line)) + b"the end\r\n"


def generate(imap, uid, access):
    kind, _ = imap._simple_command("GENURLAUTH", f'"imap://{name}@{host}/Drafts/;UID={uid};URLAUTH={access}"', "INTERNAL")
    assert kind == "OK"
    _, data = imap._untagged_response(kind, [None], "GENURLAUTH")
    return data[-1].decode().strip('"')


def send(url, last=True, expect=250, to=recipient):
    with smtplib.SMTP("localhost", base + 587) as smtp:
        smtp.starttls(context=tls)
        smtp.ehlo()
        assert smtp.esmtp_features["burl"] == "", smtp.esmtp_features
        assert smtp.docmd("BURL", url + " LAST")[0] == 530
        smtp.login(sender, password)
        smtp.ehlo()
        words = smtp.esmtp_features["burl"].split()
        assert words[0] == "imap" and f"imap://{host}" in words, words
        assert smtp.mail(sender)[0] == 250
        assert smtp.rcpt(to)[0] == 250
        code, text = smtp.docmd("BURL", url + " LAST")
        assert code == expect, (code, text, url)


with imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls) as imap:
    imap.login(sender, password)
    assert "URLAUTH" in imap.capability()[1][0].decode()
    kind, data = imap.append("Drafts", None, None, octets)
    assert kind == "OK", data
    uid = int(re.search(r"APPENDUID \d+ (\d+)", data[0].decode()).group(1))
    url = generate(imap, uid, f"submit+{name}")
    send(url)
    # As it is, without authorization: it is the sender's own.
    send(f"imap://{name}@{host}/Drafts/;UID={uid}")
    # Another server, another's mailbox, a changed token, what was meant for somebody else, a new key.
    send(url.replace(host, "evil.example"), expect=554)
    send(f"imap://{recipient.replace('@', '%40')}@{host}/INBOX/;UID=1", expect=554)
    send(url[:-1] + ("0" if url[-1] != "0" else "1"), expect=554)
    send(url[:-2], expect=554)
    send(generate(imap, uid, f"user+{name}"), expect=554)
    send(generate(imap, uid, f"submit+{recipient.replace('@', '%40')}"), expect=554)
    assert imap._simple_command("RESETKEY", "Drafts")[0] == "OK"
    send(url, expect=554)

with imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=tls) as imap:
    imap.login(recipient, password)
    imap.select("INBOX")
    _, found = imap.uid("SEARCH", "HEADER", "Message-ID", token)
    uids = found[0].decode().split()
    assert len(uids) == 2, uids
    for uid in uids:
        _, data = imap.uid("FETCH", uid, "(BODY.PEEK[])")
        got = data[0][1]
        trace = got.index(b"\r\nFrom: ") + 2
        assert got[:trace].startswith((b"Return-Path:", b"Received:", b"Delivered-To:", b"X-Original-To:")), got[:200]
        assert got[trace:] == octets, (len(got) - trace, len(octets), got[:600])
print("ok", hashlib.sha256(octets).hexdigest())
