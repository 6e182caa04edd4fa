"""Logs in by certificate and by token, over IMAP, POP3 and submission.

logins.py PORTBASE CAFILE CERTIFICATE KEY TOKEN EXPIRED
"""
import base64
import imaplib
import json
import poplib
import smtplib
import ssl
import sys

base, ca, certificate, key, token, expired = int(sys.argv[1]), *sys.argv[2:]
USER = "alice@example.test"
plain = ssl.create_default_context(cafile=ca)
certified = ssl.create_default_context(cafile=ca)
certified.load_cert_chain(certificate, key)


def encoded(octets):
    return base64.b64encode(octets).decode()


def bearer(value):
    return f"n,a={USER},\x01auth=Bearer {value}\x01\x01".encode()


# By certificate: announced only to who shows one.
with imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=plain) as imap:
    assert "AUTH=EXTERNAL" not in imap.capabilities, imap.capabilities
with imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=certified) as imap:
    assert "AUTH=EXTERNAL" in imap.capabilities, imap.capabilities
    imap.authenticate("EXTERNAL", lambda _: b"")
    imap.select("INBOX")
with imaplib.IMAP4("localhost", base + 143) as imap:
    imap.starttls(ssl_context=certified)
    imap.authenticate("EXTERNAL", lambda _: USER.encode())
with smtplib.SMTP("localhost", base + 587) as smtp:
    smtp.starttls(context=certified)
    smtp.ehlo()
    assert "EXTERNAL" in smtp.esmtp_features["auth"], smtp.esmtp_features
    assert smtp.docmd("AUTH", "EXTERNAL =")[0] == 235
pop = poplib.POP3("localhost", base + 110)
pop.stls(context=certified)
assert "EXTERNAL" in pop.capa()["SASL"], pop.capa()
assert pop._shortcmd("AUTH EXTERNAL =").startswith(b"+OK")
pop.quit()

# By token; who shows a bad one is told in JSON, and has to answer once more (RFC 7628 §3.2.3).
with imaplib.IMAP4_SSL("localhost", base + 993, ssl_context=plain) as imap:
    told = []

    def answer(challenge):
        told.append(challenge)
        return bearer(expired) if len(told) == 1 else b"\x01"

    try:
        imap.authenticate("OAUTHBEARER", answer)
        raise SystemExit("an expired token opened an account")
    except imaplib.IMAP4.error as error:
        assert "AUTHENTICATIONFAILED" in str(error), error
    assert json.loads(told[1])["status"] == "invalid_token", told
    imap.authenticate("OAUTHBEARER", lambda _: bearer(token))
    imap.select("INBOX")
with smtplib.SMTP_SSL("localhost", base + 465, context=plain) as smtp:
    smtp.ehlo()
    code, text = smtp.docmd("AUTH", "OAUTHBEARER " + encoded(bearer(expired)))
    assert code == 334 and json.loads(base64.b64decode(text))["status"] == "invalid_token", (code, text)
    code, text = smtp.docmd(encoded(b"\x01"))
    assert code == 535 and text.startswith(b"5.7.8"), (code, text)
    assert smtp.docmd("AUTH", "OAUTHBEARER " + encoded(bearer(token)))[0] == 235
    smtp.sendmail(USER, [USER], f"From: {USER}\r\n\r\nby token\r\n")
pop = poplib.POP3_SSL("localhost", base + 995, context=plain)
assert pop._shortcmd("AUTH XOAUTH2 " + encoded(f"user={USER}\x01auth=Bearer {token}\x01\x01".encode())).startswith(b"+OK")
assert pop.stat()[0] > 0
pop.quit()
print("ok")
