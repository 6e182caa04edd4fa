"""Many programs work on one account at once, on its files and through the server; at the end all see the same mail.

hammer.py FORMAT PORTBASE CAFILE MAILFOLDER SCRATCH SECONDS
"""
import mailbox, os, sys, threading, time
import actors
from actors import Place
from ledger import *

SESSIONS = 3
TERMINALS = ("mutt-deletes", "mutt-flags")


def main():
    format, base, ca, mail, scratch, seconds = sys.argv[1:]
    ledger = Ledger(float(seconds))
    place = Place(format, int(base), ca, mail, scratch, ledger)
    session = place.imap("setup")
    for name in MAILBOXES[1:]:
        status, _ = session.command(f"CREATE {name}")
        if not status.startswith("OK") and "ALREADYEXISTS" not in status:
            ledger.fault(status)
    session.must("LOGOUT")
    session = None
    ledger.stop_at = time.monotonic() + float(seconds)
    work = [(actors.procmail, "procmail1"), (actors.procmail, "procmail2"), (actors.smtp, "smtp"), (actors.smtp, "lmtp"), (actors.pop3, "pop3"),
            (actors.imap_look, "looker"), (actors.mbsync, "mbsync")]
    work += [(actors.imap, f"imap{i}", i, SESSIONS) for i in range(SESSIONS)] + [(actors.terminal, who) for who in TERMINALS]
    threads = [threading.Thread(target=guarded, args=(place, *w)) for w in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(float(seconds) + 120)
        if thread.is_alive():
            fail(ledger, [f"{thread.name} hangs"])
    faults = list(ledger.faults) or finish(place)
    print(", ".join(f"{n} {what}" for what, n in sorted(ledger.done.items())))
    if faults:
        fail(ledger, faults)
    print(f"ok: {len(ledger.acked)} messages")


def fail(ledger, faults):
    print(f"{len(faults)} faults:", *faults[:20], sep="\n")
    sys.stdout.flush()
    os._exit(1)


def guarded(place, actor, *arguments):
    threading.current_thread().name = f"{actor.__name__} {arguments[0]}"
    try:
        actor(place, *arguments)
    except Exception as fault:  # Whatever it is, the run has failed.
        import traceback
        place.ledger.fault(f"{actor.__name__} {arguments}: {traceback.format_exc()}")


def finish(place):
    """One after the other they finish their work; then all views are compared."""
    ledger = place.ledger
    session = place.imap("last")
    lost = [t for t in ledger.answered & set(flagged(session, "INBOX", "ANSWERED", "hammered")) ^ ledger.answered]
    if lost:
        ledger.fault(f"flags that were acknowledged are lost: {sorted(lost)[:10]}")
    for who in TERMINALS:
        actors.terminal(place, who, once=True)
    session.select("INBOX")
    actors.one_visit(place, session, 0, 1, visits=1)
    actors.pop3(place, "pop3", once=True)
    codes = [actors.mbsync(place, "mbsync", once=True) for _ in range(3)]
    if codes[-1] != 0:
        ledger.fault(f"mbsync ends with {codes}: see {place.file('mbsync.log')}")
    # What came to the server with the last runs of mbsync.
    for who in TERMINALS:
        actors.terminal(place, who, once=True)
    session.select("INBOX")
    actors.one_visit(place, session, 0, 1, visits=1)
    actors.pop3(place, "pop3", once=True)
    actors.mbsync(place, "mbsync", once=True)
    session.must("NOOP")
    expected = {name: sorted(t for t, role in ledger.acked.items() if name in FINAL[role]) for name in MAILBOXES}
    views = {"imap": imap_view(place), "near": {m: near_view(place, m) for m in MAILBOXES}}
    settled = time.monotonic() + 10
    while (files := {m: file_view(place, m) for m in MAILBOXES}) != expected and time.monotonic() < settled:
        time.sleep(0.1)
    # mutt saves by copying and deleting, and forgets the deletion where the mailbox changes under it: then it saves again, as a file of its own.
    compare(ledger, "files, Saved", expected["Saved"], sorted(set(files["Saved"])))
    ledger.count("saved twice by mutt", len(files["Saved"]) - len(expected["Saved"]))
    expected["Saved"] = files["Saved"]
    views["files"] = files
    views["pop3"] = {"INBOX": pop3_view(place)}
    for who, view in views.items():
        for name in view:
            compare(ledger, f"{who}, {name}", expected[name], view[name])
    wanted = [t for t, role in ledger.acked.items() if role == MUTT_FLAGS]
    if (missing := set(wanted) - set(flagged(session, "INBOX", "FLAGGED"))):
        ledger.fault(f"flags that mutt set are not seen: {sorted(missing)[:10]}")
    return list(ledger.faults)


def compare(ledger, what, expected, found):
    lost, doubled = sorted(set(expected) - set(found)), sorted({t for t in found if found.count(t) > max(1, expected.count(t))})
    back = sorted(set(found) - set(expected))
    if lost or doubled or back or len(expected) != len(found):
        ledger.fault(f"{what}: {len(found)} of {len(expected)}; lost {lost[:8]}, doubled {doubled[:8]}, unexpected {back[:8]}")


def flagged(session, name, *keys):
    """The tokens that have all of these: words of SEARCH, and keywords in small letters."""
    session.select(name)
    known = actors.learn(session_place(session), session, {})
    words = " ".join(k if k.isupper() else f"KEYWORD {k}" for k in keys)
    uids = {int(u) for line in session.must(f"UID SEARCH {words}") if line.startswith(b"* SEARCH") for u in line.split()[2:]}
    return [known[u][0] for u in uids if u in known]


def session_place(session):
    return type("Only", (), {"ledger": session.ledger})


def imap_view(place):
    session = place.imap("view")
    view = {}
    for name in MAILBOXES:
        session.select(name)
        known = actors.learn(place, session, {})
        for uid in known:
            actors.check_body(place, session, uid)
        view[name] = sorted(token for token, _ in known.values())
    session.must("LOGOUT")
    return view


def pop3_view(place):
    pop = place.pop3()
    tokens = []
    for number in range(1, pop.stat()[0] + 1):
        octets = b"\r\n".join(pop.retr(number)[1])
        tokens.append(token_of(octets)[0])
        if wrong_body(octets):
            place.ledger.fault(f"pop3: {tokens[-1]} is damaged")
    pop.quit()
    return sorted(tokens)


def near_view(place, name):
    tokens = []
    for path in actors.near_files(place, name):
        with open(path, "rb") as file:
            tokens.append(checked(place, "near", file.read()))
    return sorted(tokens)


def file_view(place, name):
    """With Python's own reader of mailboxes."""
    if place.format == "maildir":
        box = mailbox.Maildir(place.path(name), create=False)
    else:
        box = mailbox.mbox(place.path(name), create=False)
    view = sorted(t for t in (checked(place, f"files of {name}", box.get_bytes(key)) for key in box.keys()) if t)
    box.close()
    return view


def checked(place, who, octets):
    token = token_of(octets)
    if token is None:
        if b"X-IMAP:" not in octets:  # The pseudo message of an mbox is none of ours.
            place.ledger.fault(f"{who}: no message of ours: {octets[:2000]!r}")
        return ""
    if wrong_body(octets):
        place.ledger.fault(f"{who}: {token[0]} is damaged: {octets[:3000]!r}")
    return token[0]


main()
