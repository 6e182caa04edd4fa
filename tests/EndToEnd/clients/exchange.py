"""Brings one message to each address without a login: exchange.py PORT smtp|lmtp FROM TOKEN ADDRESS...

One connection, a transaction each with the subject "TOKEN ADDRESS". Prints a line "ADDRESS CODE TEXT" for each: the reply to RCPT where that refuses, else the
last one.
"""
import smtplib
import sys

port, protocol, sender, token, *addresses = sys.argv[1:]
with (smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP)("localhost", int(port), timeout=60) as client:
    for address in addresses:
        client.ehlo_or_helo_if_needed()
        code, text = client.mail(sender)
        if code == 250:
            code, text = client.rcpt(address)
        if code == 250:
            code, text = client.data(f"From: {sender}\r\nTo: {address}\r\nSubject: {token} {address}\r\n\r\nHello {address}.\r\n")
        print(address, code, text.decode().replace("\n", " "))
        client.rset()
