"""Submits one message to each address: submit.py PORTBASE CAFILE FROM PASSWORD TOKEN ADDRESS...

One connection, a message each with the subject "TOKEN ADDRESS"; ends with 1, saying why, where one is refused. ADDRESS*N: with N further lines, which
begin with a dot and are numbered.
"""
import smtplib
import ssl
import sys

base, ca, sender, password, token, *addresses = sys.argv[1:]
with smtplib.SMTP_SSL("localhost", int(base) + 465, context=ssl.create_default_context(cafile=ca), timeout=60) as smtp:
    smtp.login(sender, password)
    for argument in addresses:
        address, _, count = argument.partition("*")
        more = "".join(f".{i} {'x' * 60}\r\n" for i in range(int(count or 0)))
        smtp.sendmail(sender, [address], f"From: {sender}\r\nTo: {address}\r\nSubject: {token} {address}\r\n\r\nHello {address}.\r\n{more}")
