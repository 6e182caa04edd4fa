#!/usr/bin/env python3
"""Compares what two IMAP servers say of the structure of the same messages: ENVELOPE, BODYSTRUCTURE, BODY and the sections.

    compare.py write [--share N] MAILDIR...          every message, or every N-th of a kind, as files
    compare.py compare [--share N] OURS PEER         servers over such Maildirs, as PORT,CAFILE,USER,PASSWORD
                       [--show NAME]                 prints the differences whose kind or explanation contains NAME

Both serve localhost; "-" for CAFILE is no TLS. What differs is looked up in reasons.py. Exits with 0 where every difference is explained
there, and, with the whole corpus, where every explanation explains something.
"""
import argparse
import collections
import itertools
import sys

import corpus
import differences
import reasons
from imapdata import Session
from structure import is_message, node, sections

NAMES = "From Subject X-Folded Content-Type"
SECTIONS_MAX = 90  # Of one message: a FETCH has no more items than a server takes.
WHOLE = ("(RFC822.SIZE ENVELOPE BODYSTRUCTURE BODY BODY.PEEK[] BODY.PEEK[HEADER] BODY.PEEK[TEXT] "
         f"BODY.PEEK[HEADER.FIELDS ({NAMES})] BODY.PEEK[HEADER.FIELDS.NOT ({NAMES})])")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write")
    write.add_argument("maildir", nargs="+")
    compare = commands.add_parser("compare")
    compare.add_argument("ours")
    compare.add_argument("peer")
    compare.add_argument("--show")
    for command in (write, compare):
        command.add_argument("--share", type=int, default=1)
    arguments = parser.parse_args()
    messages = corpus.select(arguments.share)
    if arguments.command == "compare":
        found = list(compare_all(messages, Session(arguments.ours), Session(arguments.peer)))
        return report(messages, found, arguments.show, is_whole=arguments.share == 1)
    for maildir in arguments.maildir:
        corpus.write(maildir, messages)
        print(len(messages), "messages in", maildir)
    return 0


def compare_all(messages, ours, peer):
    """Every difference, with both servers' whole answers in its case."""
    mine, theirs = (session.fetch(len(messages), lambda _: WHOLE) for session in (ours, peer))
    wanted = [sections_of(m["BODYSTRUCTURE"], t["BODYSTRUCTURE"]) for m, t in zip(mine, theirs)]
    for session, answers in ((ours, mine), (peer, theirs)):
        for answer, more in zip(answers, session.fetch(len(messages), lambda n: "(" + " ".join(wanted[n]) + ")")):
            answer.update(more)
    for number, (kind, message) in enumerate(messages):
        yield from differences.find(differences.Case(number, kind, message, mine[number], theirs[number]))


def sections_of(*bodies):
    """The sections of the parts that either structure has; and of a message with several, some that neither has."""
    parts = {}
    for body in bodies:
        parts.update((number, is_message(node(body, way))) for number, way in itertools.islice(sections(body), SECTIONS_MAX))
    names = ["99", "1.99.MIME", "1.99.HEADER"] if len(parts) > 1 else []
    for number, holds_message in parts.items():
        dotted = ".".join(map(str, number))
        names += [dotted, f"{dotted}.MIME"]
        if holds_message:
            names += [f"{dotted}.{text}" for text in ("HEADER", "TEXT", f"HEADER.FIELDS ({NAMES})", f"HEADER.FIELDS.NOT ({NAMES})")]
    return [f"BODY.PEEK[{name}]" for name in names[:SECTIONS_MAX]]


def report(messages, found, show, is_whole):
    unexplained, explained = [], collections.defaultdict(list)
    for difference in found:
        reason = reasons.explain(difference)
        (explained[reason.name] if reason else unexplained).append(difference)
        if show and (show in difference.kind or (reason and show in reason.name)):
            print(difference, end="\n\n")
    print(f"{len(messages)} messages, {len(found)} differences in {len({d.case.number for d in found})} of them")
    for reason in reasons.REASONS:
        print(f"{len(explained[reason.name]):6}  {reason.name}: {reason.why}")
    for (kind, group), count in sorted(collections.Counter((d.kind, d.group) for d in unexplained).items()):
        print(f"{count:6}  UNEXPLAINED {kind}: {group}")
    for difference in unexplained[:20]:
        print(f"\n{difference}")
    idle = [reason.name for reason in reasons.REASONS if is_whole and not explained[reason.name]]
    for name in idle:
        print(f"explains nothing any more: {name}")
    print(f"{len(unexplained)} unexplained differences")
    return 1 if unexplained or idle else 0


if __name__ == "__main__":
    sys.exit(main())
