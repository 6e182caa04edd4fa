"""What is compared, and how: values, not their spelling. Why something may differ stands in reasons.py."""
import dataclasses
import re

from structure import ADDRESS_FIELDS, ENVELOPE_FIELDS, children, is_message, is_multipart, lower, shape, without_extension


@dataclasses.dataclass(frozen=True)
class Case:
    """A message, and what the two servers answered, item by item."""
    number: int
    kind: str
    message: bytes
    ours: dict
    theirs: dict


@dataclasses.dataclass(frozen=True)
class Difference:
    """One value that differs: where in the answer, what we say, what the peer says."""
    case: Case
    where: str
    ours: object
    theirs: object

    @property
    def kind(self):
        return self.case.kind

    @property
    def group(self):
        """What it is counted under: the place without its numbers."""
        return re.sub(r"\d+", "n", self.where)

    def __str__(self):
        return (f"#{self.case.number} {self.kind}, {self.where}\n  message {short(self.case.message, 700)}\n"
                f"  ours    {short(self.ours)}\n  theirs  {short(self.theirs)}")


def short(value, length=400):
    text = repr(value)
    return text if len(text) <= length else f"{text[:length]}… ({len(text)})"


def find(case):
    """All differences of a message. One in BODY[] is none of structure: then the two do not serve the same message."""
    for name, ours in case.ours.items():
        # BODY has nothing of its own: it is compared with what BODYSTRUCTURE says.
        theirs = without_extension(case.ours["BODYSTRUCTURE"]) if name == "BODY" else case.theirs.get(name)
        if name == "ENVELOPE":
            yield from envelopes(case, name, ours, theirs)
        elif name == "BODYSTRUCTURE":
            yield from bodies(case, ours, theirs)
        elif ours != theirs:
            yield Difference(case, name, ours, theirs)


def envelopes(case, where, ours, theirs):
    for field, mine, other in zip(ENVELOPE_FIELDS, ours, theirs):
        is_list_of_each = isinstance(mine, list) and isinstance(other, list) and len(mine) == len(other)
        if is_list_of_each:
            for i, (address, their_address) in enumerate(zip(mine, other)):
                differing = [part for part, a, b in zip(ADDRESS_FIELDS, address, their_address) if a != b]
                if differing:
                    yield Difference(case, f"{where} {field}[{i}] {differing[0]}", address, their_address)
        elif mine != other:
            yield Difference(case, f"{where} {field}", mine, other)


def bodies(case, ours, theirs, way="root"):
    """Parts that are not the same thing are one difference; what is in them is not compared."""
    where = f"BODYSTRUCTURE {way}"
    if shape(ours) != shape(theirs):
        yield Difference(case, f"{where} shape", ours, theirs)
        return
    inner = len(children(ours))
    if is_multipart(ours):
        for i in range(inner):
            yield from bodies(case, ours[i], theirs[i], f"{way}.{i + 1}")
        yield from values(case, where, ["parameters", "disposition", "language", "location"], ours[inner + 1:], theirs[inner + 1:])
        return
    yield from values(case, where, ["parameters", "id", "description", "encoding", "octets"], ours[2:7], theirs[2:7])
    names, rest = ["md5", "disposition", "language", "location"], 7
    if is_message(ours):
        yield from envelopes(case, f"{where} envelope", ours[7], theirs[7])
        yield from bodies(case, ours[8], theirs[8], f"{way}.m")
        names, rest = ["lines", *names], 9
    elif lower(ours[0]) == b"text":
        names = ["lines", *names]
    yield from values(case, where, names, ours[rest:], theirs[rest:])


def values(case, where, names, ours, theirs):
    if len(ours) != len(theirs):
        yield Difference(case, f"{where} extension data", ours, theirs)
        return
    for name, mine, other in zip(names, map(plain_value, names, ours), map(plain_value, names, theirs)):
        if mine != other:
            yield Difference(case, f"{where} {name}", mine, other)


def plain_value(name, value):
    """Without what does not matter: the order of parameters (RFC 2045 section 5.1), the case of names, types, encodings and charsets."""
    if value is None:
        return None
    match name:
        case "encoding":
            return lower(value)
        case "disposition":
            return lower(value[0]), plain_value("parameters", value[1])
        case "parameters":
            pairs = [(lower(n), lower(v) if lower(n) == b"charset" else v) for n, v in zip(value[::2], value[1::2])]
            return sorted(pairs, key=lambda pair: pair[0])
        case _:
            return value
