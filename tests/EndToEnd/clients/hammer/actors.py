"""Those who work on one account at once. Each removes only what is its own to remove (see ledger.py)."""
import os, poplib, random, re, smtplib, ssl, subprocess, time, zlib
import mutt
from imap import Imap
from ledger import *

FETCHED = re.compile(rb"\* (\d+) FETCH \(.*?\bUID (\d+)", re.S)


class Place:
    """One account: its server, its files, its programs."""

    def __init__(self, format, port_base, ca, mail, scratch, ledger):
        self.format, self.base, self.ca, self.mail, self.scratch, self.ledger = format, port_base, ca, mail, scratch, ledger
        self.user, self.password = "alice@example.test", "demo"
        self.near = os.path.join(scratch, "near")
        self.copied = set()

    def path(self, mailbox):
        """The files of a mailbox, as another program names them."""
        if self.format == "maildir":
            return os.path.join(self.mail, "Maildir") if mailbox == "INBOX" else os.path.join(self.mail, "Maildir", "." + mailbox)
        return os.path.join(self.mail, "inbox") if mailbox == "INBOX" else os.path.join(self.mail, "folders", mailbox)

    def file(self, name, content=None):
        path = os.path.join(self.scratch, name)
        if content is not None:
            with open(path, "w") as file:
                file.write(content)
        return path

    def imap(self, who):
        return Imap(self.base + 993, self.ca, self.user, self.password, who, self.ledger)

    def pop3(self):
        pop = poplib.POP3_SSL("localhost", self.base + 995, context=ssl.create_default_context(cafile=self.ca))
        pop.user(self.user)
        pop.pass_(self.password)
        return pop


def procmail(place, who):
    ledger = place.ledger
    target, lock = (place.path("INBOX") + "/", "") if place.format == "maildir" else (place.path("INBOX"), ":")
    rc = place.file(f"{who}.rc", f"SHELL=/bin/sh\nLOCKSLEEP=1\nLOGFILE={place.file(who + '.log')}\nVERBOSE=no\nUMASK=077\n\n:0{lock}\n{target}\n")
    while ledger.running:
        token, role, octets = ledger.new_message(who)
        ended = subprocess.run(["procmail", "-f", "x@h.test", "-m", rc], input=octets.replace(b"\r\n", b"\n"))
        if ended.returncode == 0:
            ledger.delivered(token, role, who)
        else:
            ledger.refused.add(token)
            ledger.count(f"{who} refused")
        time.sleep(random.random() * 0.1)


def smtp(place, who):
    ledger = place.ledger
    while ledger.running:
        client = smtplib.SMTP("localhost", place.base + 25) if who == "smtp" else smtplib.LMTP("localhost", place.base + 24)
        with client:
            for _ in range(random.randrange(1, 30)):
                token, role, octets = ledger.new_message(who)
                try:
                    client.sendmail("x@h.test", [place.user], octets, mail_options=["BODY=8BITMIME"])
                    ledger.delivered(token, role, who)
                except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError) as refused:
                    ledger.refused.add(token)
                    ledger.count(f"{who} refused")
                    if "'" not in str(refused) or not re.search(r"\b4\d\d\b", str(refused)):
                        ledger.fault(f"{who}: {refused}")
                time.sleep(random.random() * 0.1)
                if not ledger.running:
                    break


def pop3(place, who, once=False):
    ledger, known, first = place.ledger, {}, True
    while ledger.running or (once and first):
        first, began = False, time.monotonic()
        try:
            pop = place.pop3()
        except poplib.error_proto as refused:
            if not re.search(r"\[(IN-USE|SYS/TEMP)\]", str(refused)):
                ledger.fault(f"{who}: {refused}")
            ledger.count(f"{who} busy")
            continue
        removed, tokens = [], {}
        lines = [line.decode().split() for line in pop.uidl()[1]]
        if len({unique for _, unique in lines}) != len(lines):
            ledger.fault(f"{who}: a unique-id stands twice")
        for number, unique in lines:
            if unique not in known or random.random() < 0.02:
                try:
                    octets = b"\r\n".join(pop.retr(int(number))[1])
                except poplib.error_proto:
                    ledger.count(f"{who} gone meanwhile")
                    continue
                token = token_of(octets)
                if token is None or wrong_body(octets):
                    ledger.fault(f"{who}: {unique} is no message of ours, or damaged: {octets[:3000]!r}")
                    continue
                if known.setdefault(unique, token) != token:
                    ledger.fault(f"{who}: {unique} is {token} and was {known[unique]}")
            token, role = known[unique]
            if tokens.setdefault(token, unique) != unique:
                ledger.fault(f"{who}: {token} stands twice, as {unique} and {tokens[token]}")
            if ledger.gone.get(("INBOX", token), began) < began:
                ledger.fault(f"{who}: {token} was removed and is shown again")
            if role == POP3_DELETES and (once or len(removed) < 10):
                pop.dele(int(number))
                removed.append(token)
        try:
            pop.quit()
            for token in removed:
                ledger.removed("INBOX", token)
            ledger.count(f"{who} deleted", len(removed))
        except poplib.error_proto as refused:
            ledger.count(f"{who} not all deleted")
        if not once:
            time.sleep(0.2)


def imap(place, who, number, sessions):
    session = place.imap(who)
    while place.ledger.running:
        if not busy(place, session.select("INBOX")):
            one_visit(place, session, number, sessions, visits=random.randrange(1, 8))
    session.must("LOGOUT")


def imap_look(place, who):
    """Looks at the other mailboxes, which messages are moved, copied and saved to; checks bodies; removes nothing."""
    session = place.imap(who)
    while place.ledger.running:
        if not busy(place, session.select(random.choice(MAILBOXES))):
            for _ in range(random.randrange(1, 5)):
                known = learn(place, session, {})
                for uid in random.sample(sorted(known), min(5, len(known))):
                    check_body(place, session, uid)
                session.must("NOOP")
                time.sleep(0.1)
    session.must("LOGOUT")


def one_visit(place, session, number, sessions, visits):
    ledger, known = place.ledger, {}
    for visit in range(visits):
        learn(place, session, known)
        mine = [(uid, token, role) for uid, (token, role) in known.items() if zlib.crc32(token.encode()) % sessions == number]
        random.shuffle(mine)
        for uid, token, role in mine[:20 if visits > 1 else None]:
            act(place, session, known, uid, token, role)
        if visits > 1:
            if known:
                check_body(place, session, random.choice(list(known)))
            if random.random() < 0.5:
                token, role, octets = ledger.new_message(session.who)
                status, _ = session.command("APPEND INBOX (\\Seen)", octets)
                if busy(place, status):
                    ledger.refused.add(token)
                else:
                    ledger.delivered(token, role, "imap append")
            session.must(random.choice(["NOOP", "FETCH 1:* (UID FLAGS)", "CHECK", "UID SEARCH ANSWERED", "SEARCH SUBJECT hammer"]))


def act(place, session, known, uid, token, role):
    ledger = place.ledger
    if role == IMAP_EXPUNGES:
        if not busy(place, session.command(f"UID STORE {uid} +FLAGS.SILENT (\\Deleted)")[0]) and not busy(place, session.command(f"UID EXPUNGE {uid}")[0]):
            ledger.removed("INBOX", token)
            ledger.count("imap expunge")
            del known[uid]
    elif role == IMAP_MOVES:
        status, untagged = session.command(f"UID MOVE {uid} Archive")
        if not busy(place, status):
            if b"COPYUID" in b"".join(untagged) + status.encode():
                ledger.removed("INBOX", token)
                ledger.count("imap move")
            del known[uid]
    elif role == IMAP_COPIES and token not in place.copied:
        status, _ = session.command(f"UID COPY {uid} Copies")
        if not busy(place, status):
            if "COPYUID" in status:
                place.copied.add(token)
                ledger.count("imap copy")
            else:
                ledger.fault(f"{session.who}: {token}, UID {uid}, which nobody removes, cannot be copied: {status.strip()}")
    elif role == IMAP_FLAGS and token not in ledger.answered:
        if uid not in session.view.uids:
            return
        line = f"STORE {session.view.uids.index(uid) + 1} +FLAGS (\\Answered hammered)"
        if not busy(place, session.command(line)[0]):
            ledger.answered.add(token)
            ledger.count("imap store")


def learn(place, session, known):
    """Fetches what it does not know yet, and forgets what was expunged."""
    low = max(known, default=0) + 1
    untagged = session.must(f"UID FETCH {low}:* (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    for octets in untagged:
        if (found := FETCHED.match(octets)) and b"BODY[" in octets:
            uid, token = int(found[2]), token_of(octets.partition(b"}\r\n")[2])
            if token is None:
                place.ledger.fault(f"{session.who}: not a message of ours: {octets!r}")
                continue
            known[uid] = token
            place.ledger.saw(session.who, session.view.mailbox, session.view.validity, uid, token[0], session.view.began)
    for uid in [u for u in known if u not in session.view.uids]:
        del known[uid]
    return known


def check_body(place, session, uid):
    for octets in session.must(f"UID FETCH {uid} (UID BODY.PEEK[])"):
        if (found := re.search(rb"BODY\[\] \{(\d+)\}\r\n", octets)) and int(found[1]):
            whole = octets[found.end():found.end() + int(found[1])]
            if wrong_body(whole):
                place.ledger.fault(f"{session.who}: UID {uid} of {session.view.mailbox} is damaged: {whole[:3000]!r}")
            place.ledger.count("imap body")


def busy(place, status):
    if status.startswith("OK"):
        return False
    if not status.startswith("NO [INUSE]"):
        place.ledger.fault(f"answered {status.strip()}")
    place.ledger.count("imap busy")
    return True


def terminal(place, who, once=False):
    """One mutt deletes and saves, one sets flags. neomutt has no place here: where a file is renamed while it looks, it takes the message for
    deleted (its issues 2924 and 4332), and unlinks it when it finds it again under the new name."""
    ledger = place.ledger
    log = place.file(who + ".screen")
    rc = place.file(who + ".rc", mutt.configuration("Maildir" if place.format == "maildir" else "mbox", place.scratch, place.path("INBOX")))
    save = f"<tag-pattern>~s role{MUTT_SAVES}e !~D<enter><tag-prefix-cond><save-message><kill-line>{place.path('Saved')}<enter><end-cond>"
    if place.format == "mbox" and not once:
        save = ""  # mutt copies from where a message lay when it last looked, without a lock: of a spool that others rewrite it saves the wrong octets.
    deletes = f"<delete-pattern>~s role{MUTT_DELETES}e<enter>{save}<sync-mailbox>"
    flags = f"<tag-pattern>~s role{MUTT_FLAGS}e !~F<enter><tag-prefix-cond><set-flag>!<end-cond><sync-mailbox>"
    first = True
    while ledger.running or (once and first):
        first = False
        ended = mutt.run("mutt", rc, place.path("INBOX"), deletes if who == "mutt-deletes" else flags, log)
        ledger.count(f"{who} {'visit' if ended else 'killed'}")


def mbsync_configuration(place):
    os.makedirs(place.near, exist_ok=True)
    return place.file("mbsync.rc", f"""IMAPAccount far
Host localhost
Port {place.base + 993}
User {place.user}
Pass {place.password}
SSLType IMAPS
CertificateFile {place.ca}

IMAPStore far
Account far

MaildirStore near
Path {place.near}/
Inbox {place.near}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns {' '.join(MAILBOXES)}
Create Both
Expunge Both
SyncState *
""")


def near_files(place, mailbox):
    folder = os.path.join(place.near, mailbox)
    return [os.path.join(folder, sub, name) for sub in ("new", "cur") if os.path.isdir(os.path.join(folder, sub)) for name in os.listdir(os.path.join(folder, sub))]


def mbsync(place, who, once=False):
    """Syncs a local Maildir; between the runs its owner writes and deletes messages there."""
    ledger, rc, first = place.ledger, mbsync_configuration(place), True
    while ledger.running or (once and first):
        first = False
        for path in near_files(place, "INBOX"):
            with open(path, "rb") as file:
                token = token_of(file.read())
            if token and token[1] == NEAR_DELETES and "T" not in path.rpartition(":2,")[2]:
                base, _, flags = path.partition(":2,")
                os.rename(path, os.path.join(os.path.dirname(os.path.dirname(base)), "cur", os.path.basename(base)) + ":2," + "".join(sorted(flags + "T")))
        if not once and os.path.isdir(os.path.join(place.near, "INBOX", "new")):
            token, role, octets = ledger.new_message("near")
            with open(os.path.join(place.near, "INBOX", "new", f"{time.time_ns()}.near.h"), "wb") as file:
                file.write(octets.replace(b"\r\n", b"\n"))
            ledger.delivered(token, role, "near")  # It must arrive at the far side, once.
        ended = subprocess.run(["mbsync", "-c", rc, "-a"], capture_output=True, text=True)
        with open(place.file("mbsync.log"), "a") as log:
            log.write(f"==== {ended.returncode}\n{ended.stdout}{ended.stderr}\n")
        ledger.count("mbsync run" if ended.returncode == 0 else "mbsync failed")
    return ended.returncode
