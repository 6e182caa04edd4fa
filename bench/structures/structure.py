"""Finding one's way in ENVELOPE and BODYSTRUCTURE as IMAP lists: parts, their section numbers, their parameters."""

ENVELOPE_FIELDS = ["date", "subject", "from", "sender", "reply-to", "to", "cc", "bcc", "in-reply-to", "message-id"]
ADDRESS_FIELDS = ["name", "route", "mailbox", "host"]


def lower(value):
    return value.lower() if isinstance(value, bytes) else value


def is_multipart(body):
    return isinstance(body[0], list)


def is_message(body):
    """Described with an envelope and a body."""
    return not is_multipart(body) and lower(body[0]) == b"message" and len(body) > 8 and isinstance(body[8], list)


def children(body):
    if is_multipart(body):
        return body[:next(i for i, value in enumerate(body) if not isinstance(value, list))]
    return [body[8]] if is_message(body) else []


def shape(body):
    """Type, subtype and number of parts."""
    inner = children(body)
    return (b"multipart", lower(body[len(inner)]), len(inner)) if is_multipart(body) else (lower(body[0]), lower(body[1]), len(inner))


def parameters(body):
    """Of a multipart, with their names in lower case."""
    pairs = body[len(children(body)) + 1:][:1]
    return [(lower(name), value) for name, value in zip(pairs[0][::2], pairs[0][1::2])] if pairs and pairs[0] else []


def node(body, way):
    """The part at the end of a way: a number for a part of a multipart, "m" for the message in a message part."""
    for step in way:
        body = body[8] if step == "m" else children(body)[int(step) - 1]
    return body


def sections(body, way=(), number=()):
    """Every section number with the way to its part (RFC 9051 section 6.4.5.1): a message's body has number 1 where it is no multipart."""
    if is_multipart(body):
        for i, child in enumerate(children(body), 1):
            yield number + (i,), way + (str(i),)
            if is_multipart(child) or is_message(child):
                yield from sections(child, way + (str(i),), number + (i,))
        return
    if not number:
        number = (1,)
        yield number, way
    if is_message(body):
        inner = body[8]
        if is_multipart(inner):
            yield from sections(inner, way + ("m",), number)
        else:
            yield number + (1,), way + ("m",)
            yield from sections(inner, way + ("m",), number + (1,))


def without_extension(body):
    """What BODY is of a BODYSTRUCTURE."""
    inner = children(body)
    if is_multipart(body):
        return [*map(without_extension, inner), body[len(inner)]]
    if is_message(body):
        return body[:8] + [without_extension(body[8])] + body[9:10]
    return body[:8 if lower(body[0]) == b"text" else 7]
