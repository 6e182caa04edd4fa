"""mutt as a person runs it, on a terminal that a program types into."""
import os, pty, select, signal, time


def configuration(kind, folder, spool, extra=""):
    return f"""set folder="{folder}" spoolfile="{spool}" mbox_type={kind} header_cache="" sort=mailbox-order
set confirmappend=no confirmcreate=no delete=yes move=no quit=yes sleep_time=0 beep=no record="" wait_key=no timeout=1 mail_check=0
set postponed="" hostname=h.test check_new=yes help=no mark_old=no
{extra}
"""


def run(program, rc, mailbox, keys, log, patience=30):
    """Opens the mailbox, types the keys, and quits until it has quit (it does not where new mail came in meanwhile). False: it had to be killed."""
    process, terminal = pty.fork()
    if process == 0:
        os.environ.update(TERM="vt100", LC_ALL="C.UTF-8", HOME=os.path.dirname(rc), LINES="24", COLUMNS="80")
        os.execvp(program, [program, "-n", "-F", rc, "-f", mailbox, "-e", f"push '{keys}'"])
    began = typed = time.monotonic()
    said = b""
    ended, answered = False, 0
    try:
        while not ended and time.monotonic() - began < patience:
            readable, _, _ = select.select([terminal], [], [], 0.05)
            try:
                octets = os.read(terminal, 65536) if readable else b""
                said += octets
                if b"remove lock for" in said[answered:]:
                    answered = len(said)
                    os.write(terminal, b"n")  # Whoever waits for our lock with that one goes on when we have let go.
                if not readable and time.monotonic() - typed > 0.3:
                    typed = time.monotonic()
                    os.write(terminal, b"q")  # Nothing moves: what was typed is done.
                ended = bool(readable and not octets)
            except OSError:
                ended = True  # The terminal is closed: it is gone.
    finally:
        if not ended:
            os.kill(process, signal.SIGTERM)
        os.close(terminal)
        os.waitpid(process, 0)
        with open(log, "ab") as file:
            file.write(b"\n==== " + said)
    return ended
