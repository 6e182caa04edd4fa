"""Sends a file's octets as they are: send.py PORT FROM TO[,TO…] FILE [NOTIFY]

Prints the reply to the message; ends with 1, saying why, where a recipient or the message is refused.
"""
import smtplib
import sys

port, sender, recipients, file = int(sys.argv[1]), sys.argv[2], sys.argv[3].split(","), sys.argv[4]
with open(file, "rb") as f:
    octets = f.read()
with smtplib.SMTP("127.0.0.1", port, timeout=60) as smtp:
    smtp.ehlo()
    options = [f"SIZE={len(octets)}"]
    if not octets.isascii():
        options.append("BODY=8BITMIME")
    if not (sender + sys.argv[3]).isascii():
        options.append("SMTPUTF8")
        smtp.command_encoding = "utf-8"
    replies = [smtp.mail(sender, options)]
    for recipient in recipients:
        replies.append(smtp.rcpt(recipient, [f"NOTIFY={sys.argv[5]}"] if len(sys.argv) > 5 else []))
    if all(code == 250 for code, _ in replies):
        replies.append(smtp.data(octets))
code, text = replies[-1]
print(code, text.decode())
if any(code != 250 for code, _ in replies):
    sys.exit(f"refused: {replies}")
