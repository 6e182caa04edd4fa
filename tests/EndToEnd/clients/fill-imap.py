"""Fills an account as people do: fill-imap.py PORT CAFILE|- USER PASSWORD ROUND"""
import imaplib, ssl, sys, time

port, ca, user, password, turn = sys.argv[1:]
if ca == "-":
    imap = imaplib.IMAP4("localhost", int(port))
else:
    imap = imaplib.IMAP4_SSL("localhost", int(port), ssl_context=ssl.create_default_context(cafile=ca))
imap.login(user, password)

def must(answer):
    assert answer[0] == "OK", answer
    return answer[1]

def append(mailbox, number, flags, date):
    text = f"From: Ann <ann@y.test>\r\nSubject: {turn} {number}\r\nMessage-ID: <{turn}.{number}@y.test>\r\n\r\nBody {number}\r\n" + "line\r\n" * number
    must(imap.append(mailbox, flags, imaplib.Time2Internaldate(date), text.encode()))

folders = ["Sent", '"Entw&APw-rfe/B&APw-ro"', '"R&-D"', '"With space/Below"'] if turn == "first" else [f'"New {turn}"', f'"Gr&APwA3w-e {turn}"']
for folder in folders:
    must(imap.create(folder))
    must(imap.subscribe(folder))
for number in range(1, 13):
    flags = ["", r"\Seen", r"\Seen \Answered", r"\Flagged $Forwarded", r"\Draft work", r"\Deleted \Seen"][number % 6]
    append("INBOX", number, f"({flags})", 1500000000 + number)
for folder in folders:
    for number in range(1, 4):
        append(folder, number, r"(\Seen home $Label1)", 1600000000 + number)
must(imap.select("INBOX"))
must(imap.store("1", "+FLAGS", "(work urgent)"))
must(imap.store("2", "-FLAGS", r"(\Seen)"))
must(imap.store("3", "+FLAGS", r"($Forwarded)"))
must(imap.copy("1:2", folders[0]))
must(imap.store("5", "+FLAGS", r"(\Deleted)"))
must(imap.expunge())
must(imap.select(folders[0]))
must(imap.store("1:*", "+FLAGS", "(later)"))
must(imap.store("*", "+FLAGS", r"(\Deleted)"))  # The last one goes: its UID must not come back.
must(imap.expunge())
imap.logout()
print("ok")
