"""Why an answer may differ from the peer's (Dovecot 2.3): the table at the end, one row a kind of difference.

A row's test looks at one difference, and at both servers' whole answers in its case. It accepts no more than its reason covers: an
address that the peer reads must be here too, a shorter part must be shorter by the line end that the reason names.
"""
import dataclasses
import re

from structure import ENVELOPE_FIELDS, children, is_message, is_multipart, lower, node, parameters, sections, shape

PLACEHOLDERS = {b"MISSING_MAILBOX", b"MISSING_DOMAIN", b"SYNTAX_ERROR", b"INVALID_ROUTE"}
REPLACEMENT = "\ufffd".encode()
FIELDS = ("HEADER.FIELDS", "HEADER.FIELDS.NOT")


@dataclasses.dataclass(frozen=True)
class Reason:
    """Explains the differences that its test accepts in messages of these kinds (a pattern)."""
    name: str
    kinds: str
    test: object
    why: str


def explain(difference):
    """The first row that explains it, or None."""
    return next((r for r in REASONS if re.fullmatch(r.kinds, difference.kind) and r.test(difference)), None)


# --- Where a difference is ---------------------------------------------------------------------------------------------------

def value(d):
    """What is compared in a structure or envelope: "octets", "subject", "shape"; of a section nothing."""
    return None if d.where.startswith("BODY[") else re.sub(r"\[\d+\]", "", d.where).split(" ")[-1]


def section(d):
    """BODY[1.2.MIME] as ((1, 2), "MIME"), without names of fields."""
    match = re.fullmatch(r"BODY\[([\d.]*?)\.?([A-Z.]*)( \(.*\))?\]", d.where)
    return (tuple(map(int, match[1].split("."))) if match[1] else (), match[2]) if match else (None, None)


def is_section(d, *texts):
    return section(d)[1] in texts if texts else section(d)[0] is not None


def way(d):
    """The way to the part: "BODYSTRUCTURE root.2.m octets" is 2, m."""
    return tuple(d.where.split(" ")[1].split(".")[1:])


def number_of(d, side):
    """The section number of the part that a difference is in, as that side counts."""
    if is_section(d):
        return section(d)[0]
    return next((number for number, found in sections(side["BODYSTRUCTURE"]) if found == way(d)), ())


def part(d, side):
    """The part that a difference is in, as that side describes it; None where it has no such part."""
    return part_at(number_of(d, side), side)


def part_at(number, side):
    ways = dict(sections(side["BODYSTRUCTURE"]))
    return node(side["BODYSTRUCTURE"], ways.get(number, ())) if number in ways or not number else None


def text_of(number, text, side):
    """Another section of the part; None where it was not asked for."""
    return side.get("BODY[" + ".".join([*map(str, number or ()), *([text] if text else [])]) + "]")


def own_header(d):
    """The header whose fields a value in a structure or envelope comes from, as we give it."""
    if d.where.startswith("ENVELOPE") or not way(d):
        return d.case.ours["BODY[HEADER]"]
    number = number_of(d, d.case.ours)
    if " envelope " in d.where:
        return text_of(number, "HEADER", d.case.ours) or b""
    if way(d)[-1] == "m":
        ways = {found: n for n, found in sections(d.case.ours["BODYSTRUCTURE"])}
        return text_of(ways.get(way(d)[:-1], (1,)), "HEADER", d.case.ours) or b""
    return text_of(number, "MIME", d.case.ours) or b""


# --- Texts -------------------------------------------------------------------------------------------------------------------

def squeezed(text):
    """Without white space at the ends and with one space for any in between."""
    return b" ".join(text.split()) if isinstance(text, bytes) else text


def visible(text):
    """As squeezed, with one sign for NUL."""
    return squeezed(text.replace(REPLACEMENT, b"?")) if isinstance(text, bytes) else text


def same(form, ours, theirs):
    """Equal in this form, texts as well as lists of them."""
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(ours) == len(theirs) and all(same(form, a, b) for a, b in zip(ours, theirs))
    return form(ours) == form(theirs)


# --- Addresses ---------------------------------------------------------------------------------------------------------------

def in_addresses(d):
    """The name of the address field that a difference is in."""
    match = re.search(r"(?:ENVELOPE|envelope) (from|sender|reply-to|to|cc|bcc)\b", d.where)
    return match[1] if match else None


def is_one_address(d):
    return in_addresses(d) and isinstance(d.ours, list) and not isinstance(d.ours[0], list)


def addresses(d, side):
    """The whole list that a difference is in."""
    envelope = side["ENVELOPE"] if d.where.startswith("ENVELOPE") else node(side["BODYSTRUCTURE"], way(d))[7]
    return envelope[ENVELOPE_FIELDS.index(in_addresses(d))] or []


def differ_in_name(d):
    return is_one_address(d) and d.ours[1:] == d.theirs[1:]


def keeps_all(d):
    """Every address that the peer could read is here too, with the name that it has there, or in the display name of another."""
    ours = addresses(d, d.case.ours)
    names = b"\n".join(re.sub(rb"\s", b"", a[0] or b"") for a in ours)
    for name, _, mailbox, host in addresses(d, d.case.theirs):
        if not mailbox or not host or {mailbox, host} & PLACEHOLDERS:
            continue
        named = [a[0] or b"" for a in ours if (a[2], a[3]) == (mailbox, host)]
        is_here = any(visible(n) == visible(name or b"") or b"@" in n for n in named)
        if not is_here and re.sub(rb"\s", b"", mailbox + b"@" + host) not in names:
            return False
    return True


def has_placeholder(d):
    return in_addresses(d) and any(text in PLACEHOLDERS for address in addresses(d, d.case.theirs) for text in address) and keeps_all(d)


def has_address_as_name(d):
    return in_addresses(d) and any(b"@" in (a[0] or b"") for a in addresses(d, d.case.ours)) and keeps_all(d)


def has_more_addresses(d):
    return in_addresses(d) and len(addresses(d, d.case.ours)) > len(addresses(d, d.case.theirs)) and keeps_all(d)


# --- Header fields -----------------------------------------------------------------------------------------------------------

def is_repeated_field(d):
    """Ours is the first of the fields with this name, the peer's another one."""
    if not re.search(r"(?i)envelope (date|subject|message-id|in-reply-to)$", d.where):
        return False
    header = own_header(d).replace(b"\0", b"?").replace(b"\x80", b"?")
    texts = [visible(t) for t in re.findall(rb"(?im)^" + value(d).encode() + rb"[ \t]*:(.*(?:\n[ \t].*)*)", header)]
    return len(texts) > 1 and visible(d.ours) == texts[0] and visible(d.theirs) in texts


def is_empty_line_as_in_header(d):
    """Ours ends in an empty line if the header does; else the two have the same fields."""
    if not is_section(d, *FIELDS) or d.ours is None or d.theirs is None:
        return False
    def ends(text):
        return text == b"\r\n" or text.endswith(b"\n\r\n")
    return ends(d.ours) == ends(text_of(section(d)[0], "HEADER", d.case.ours)) and d.ours.rstrip(b"\r\n") == d.theirs.rstrip(b"\r\n")


def reads_past_header(d):
    """The peer's fields are not in what the peer itself gives as that header."""
    header = text_of(section(d)[0], "HEADER", d.case.theirs) or b""
    return is_section(d, *FIELDS) and d.theirs and any(line not in header for line in d.theirs.split(b"\r\n"))


def is_cr_before_line_end(d):
    def plain(text):
        return text.replace(b"\r\r\n", b"\r\n").rstrip()
    return is_section(d, *FIELDS) and plain(d.ours) == plain(d.theirs)


def has_no_mime_fields(d):
    return value(d) and d.theirs in (None, b"7bit") and not re.search(rb"(?im)^(mime-version|content-type)[ \t]*:", own_header(d))


# --- Parameters --------------------------------------------------------------------------------------------------------------

def pairs(compared):
    """The parameters in what was compared: they themselves, or a disposition's."""
    return (compared[1] if isinstance(compared, tuple) else compared) or []


def has_continuations(d):
    return value(d) in ("parameters", "disposition") and any(b"*" in name for side in (d.ours, d.theirs) for name, _ in pairs(side))


def reads_more(d):
    """Ours has every parameter that the peer could read, with a value that goes on at least as long; and its disposition."""
    if value(d) not in ("parameters", "disposition"):
        return False
    if isinstance(d.theirs, tuple) and is_token(d.theirs[0]) and d.theirs[0] != (d.ours or (None,))[0]:
        return False
    mine = pairs(d.ours)
    for name, text in pairs(d.theirs):
        is_default = (name, text) == (b"charset", b"us-ascii")
        if is_token(name) and not any(n == name and (is_default or visible(v).startswith(visible(text)) or text == b'="' + v + b'"') for n, v in mine):
            return False
    return True


def is_token(text):
    return re.fullmatch(rb"[!#$%&'*+.^_`{|}~0-9A-Za-z-]+", text) is not None


def is_first_token(d):
    """An encoding with something behind its token, or one that is no token."""
    return value(d) == "encoding" and (d.theirs == b"7bit" or not is_token(d.theirs) or len(d.theirs) > 127)


def is_language_list(d):
    return value(d) == "language" and {tag for tag in d.theirs or [] if is_token(tag)} <= set(d.ours or []) | {tag.split(b".")[0] for tag in d.ours or []}


# --- Structure ---------------------------------------------------------------------------------------------------------------

def stands_for_whole_body(d):
    """The only part of a multipart without delimiters: the whole body here, nothing there."""
    number, mine = number_of(d, d.case.ours), part(d, d.case.ours)
    return (d.theirs in (0, b"") and mine is not None and not children(mine)
            and text_of(number, "MIME", d.case.ours) == b"" and not text_of(number, "MIME", d.case.theirs))


def has_no_header(d):
    """A part whose first line is no field: it belongs to the body here, to the header there."""
    number = number_of(d, d.case.ours)
    mime, body = text_of(number, "MIME", d.case.theirs), text_of(number, "", d.case.ours)
    return (text_of(number, "MIME", d.case.ours) == b"" and mime and not re.match(rb"[!-9;-~]+[ \t]*:", mime)
            and body.startswith(mime.rstrip(b"\r\n")))


def ends_in_delimiter(body):
    return is_multipart(body) or is_message(body) and ends_in_delimiter(body[8])


def is_line_end_of_delimiter(d):
    mine = part(d, d.case.ours)
    if mine is None or not ends_in_delimiter(mine):
        return False
    if is_section(d, "", "TEXT"):
        return d.ours is not None and d.theirs == d.ours + b"\r\n"
    return value(d) == "octets" and d.theirs == d.ours + 2 or value(d) == "lines" and d.theirs == d.ours + 1


def is_cut_header(d):
    """A header that a delimiter ends: its last line end, or its empty line, is its own here and the delimiter's there."""
    return is_section(d, "MIME", "HEADER") and d.ours == (d.theirs or b"") + b"\r\n"


def is_below_other_shape(d):
    """A section in a part that the two describe as different things, which is a difference of its own."""
    number = section(d)[0] or ()
    for i in range(len(number) + 1):
        ours, theirs = part_at(number[:i], d.case.ours), part_at(number[:i], d.case.theirs)
        if is_section(d) and ((ours is None) != (theirs is None) or ours is not None and shape(ours) != shape(theirs)):
            return True
    return False


def is_unreadable_type(d):
    if value(d) != "shape" or is_multipart(d.theirs):
        return False
    names = d.theirs[:2]
    return b"" in names or any(not is_token(name) or len(name) > 127 for name in names) or names == [b"application", b"octet-stream"]


def is_encoded_message(d):
    return (value(d) == "shape" and d.ours[:2] == [b"APPLICATION", b"OCTET-STREAM"] and is_message(d.theirs)
            and lower(d.theirs[5]) in (b"base64", b"quoted-printable"))


def boundary_of(body):
    return dict(reversed(parameters(body))).get(b"boundary") if is_multipart(body) else None


def is_other_boundary(d):
    """The two took different boundaries from the parameters, or an empty one."""
    return value(d) == "shape" and is_multipart(d.ours) and is_multipart(d.theirs) and (boundary_of(d.ours) != boundary_of(d.theirs) or not boundary_of(d.ours))


def is_long_boundary(d):
    return value(d) == "shape" and len(boundary_of(d.ours) or b"") > 70


def boundaries(body):
    yield from filter(None, [boundary_of(body)])
    for child in children(body):
        yield from boundaries(child)


def continues_a_boundary(d):
    """There is a line that begins as a delimiter does and goes on as a boundary can."""
    found = {b for side in (d.case.ours, d.case.theirs) for b in boundaries(side["BODYSTRUCTURE"])}
    return any(re.search(rb"(?m)^--" + re.escape(b) + rb"(?!--)[-0-9A-Za-z'()+_,./:=?]", d.case.message) for b in found)


def is_limit(d):
    if value(d) == "to":
        return d.theirs[:10_000] == d.ours
    if value(d) == "parameters":
        return 100 < len(d.theirs) < len(d.ours) == 201
    return value(d) == "shape" and d.kind == "bomb/nested multiparts" and "n99" in repr(d.ours) and "n100" not in repr(d.ours)


REASONS = [
    # Texts
    Reason("white space", ".*", lambda d: not is_section(d) and d.ours != d.theirs and same(squeezed, d.ours, d.theirs),
           "unfolding takes away line ends and nothing else (RFC 5322 section 2.2.3), and white space around a value is none of it; the "
           "peer turns runs of white space into one space in some places and keeps it at the ends in others"),
    Reason("NUL", ".*", lambda d: not is_section(d) and same(visible, d.ours, d.theirs),
           "NUL may not be sent (RFC 9051 section 9, CHAR8): a question mark stands for it here, U+FFFD there"),
    Reason("repeated field", "header/repeated|broken/.*", is_repeated_field,
           "RFC 5322 section 4.5 leaves open which counts: the first, as of Content fields on both sides; the peer takes the last"),
    # Addresses
    Reason("placeholders for an address", "address/.*|text/.*|header/.*|broken/.*", has_placeholder,
           "where the peer cannot read on it makes up MISSING_MAILBOX, MISSING_DOMAIN or SYNTAX_ERROR, which people see and answer to; "
           "here what is missing is the empty string, and what can be read is read"),
    Reason("empty display name", "address/.*", lambda d: differ_in_name(d) and not d.ours[0] and not squeezed(d.theirs[0] or b""),
           "a display name of nothing but white space says nothing: NIL"),
    Reason("comment as display name", "address/.*", lambda d: differ_in_name(d) and d.theirs[0] is None and b"(" + d.ours[0] in d.case.message,
           "a comment beside the brackets names somebody as well as one behind a bare address does (RFC 5322 section 3.4)"),
    Reason("address as its own display name", "address/.*", has_address_as_name,
           "a@b <c@d>: the peer stops behind the first address; the one in brackets is where mail goes"),
    Reason("separators", "address/.*|broken/.*|header/.*", has_more_addresses,
           "semicolons between addresses and forgotten commas: the peer drops what follows"),
    # Header fields
    Reason("header without an empty line", ".*", is_empty_line_as_in_header,
           "RFC 9051 section 6.4.5.1: the empty line is there where the header has one; the last line has its line end"),
    Reason("header read too far", "message/.*|multipart/.*|broken/.*", reads_past_header,
           "the peer looks for fields of a message inside beyond the end of its header: in delimiters and other parts"),
    Reason("CR before a line end", "text/control|header/.*|broken/line ends", is_cr_before_line_end,
           "fields are unchanged, also where a CR stands before their line end"),
    Reason("NUL in a field name", "header/name", lambda d: b"\0:" in d.case.message,
           "a name with a NUL in it is no name (RFC 5322 section 3.6.8); the peer ends it there"),
    # Content fields
    Reason("no MIME-Version", ".*", has_no_mime_fields,
           "without MIME-Version and Content-Type the peer forgets the other Content fields; they say something all the same"),
    Reason("unreadable Content-Type", ".*", is_unreadable_type,
           "a type that cannot be read is text/plain (RFC 2045 section 5.2), in a digest message/rfc822, and what can be read of a type "
           "before junk is one; the peer sends empty types"),
    Reason("continuations", "part/rfc 2231|broken/.*", has_continuations,
           "RFC 2231: names are compared without case, a section that is missing ends a value, one that comes twice counts once, and "
           "unencoded sections are encoded when joined with encoded ones; without a first section nothing is joined"),
    Reason("parameters", "part/.*|broken/.*|multipart/.*|header/repeated", reads_more,
           "unquoted values go on where a token ends, file names with spaces inside; quotes that never end hold a value; empty parameters, "
           "commas and forgotten semicolons are passed over; a disposition without type is an attachment (RFC 2183 section 2.8)"),
    Reason("encoding", "part/.*|broken/.*", is_first_token,
           "Content-Transfer-Encoding is its first token, whatever stands behind it; none where that has octets above 127 or more than 127"),
    Reason("language list", "part/language", is_language_list,
           "empty elements of a list are passed over (RFC 5322 section 4 has them in all lists); a tag is a token, and ends where that ends"),
    Reason("repeated encoding", "broken/mutated", lambda d: value(d) == "encoding" and own_header(d).lower().count(b"content-transfer-encoding") > 1,
           "the first of repeated fields counts, even if it cannot be read to its end"),
    Reason("encoded message", "message/type|broken/.*", is_encoded_message,
           "RFC 2046 section 5.2.1 forbids to encode message/rfc822: what is inside cannot be described without decoding it, and sections "
           "do not decode"),
    # Structure
    Reason("no such section", ".*", lambda d: is_section(d) and d.ours is None and d.theirs == b"",
           "RFC 9051 section 9 has an nstring there: NIL says that there is none, the empty string that there is one with nothing in it"),
    Reason("multipart without parts", "multipart/.*|message/.*|broken/.*", stands_for_whole_body,
           "a body without any delimiter is shown as the text it is (RFC 2045 section 5.2); the peer hides it behind a part of 0 octets"),
    Reason("part without header", "multipart/.*|message/.*|broken/.*", has_no_header,
           "where the first line behind a delimiter is no field, the empty line of RFC 2046 section 5.1 is missing: that line is body"),
    Reason("line end of a delimiter", "multipart/.*|message/.*|broken/.*", is_line_end_of_delimiter,
           "the line end before a delimiter belongs to it (RFC 2046 section 5.1.1: delimiter := CRLF dash-boundary), also where the line "
           "before is the last delimiter of an inner multipart"),
    Reason("header before a delimiter", "multipart/.*|message/.*|broken/.*", is_cut_header,
           "a header keeps the line ends of its lines and its empty line where a delimiter follows at once"),
    Reason("boundary parameter", "multipart/boundary.*|broken/.*", is_other_boundary,
           "a boundary in RFC 2231's form or without its last quote is one; an empty one, for which the peer takes any line that begins "
           "with two hyphens, is none (RFC 2046 section 5.1.1)"),
    Reason("long boundary", "multipart/boundary value", is_long_boundary,
           "RFC 2046 section 5.1.1 allows 70 octets; of longer ones the peer does not see that they are closed"),
    Reason("boundary in a boundary", "multipart/.*|broken/mutated", continues_a_boundary,
           "a line that goes on as a boundary can belongs to another multipart, closed or not looked into; the peer compares beginnings only"),
    Reason("delimiter at the end", "broken/cut|multipart/delimiter.*", lambda d: value(d) == "shape" and re.search(rb"\n--[^\n]*\Z", d.case.message),
           "a delimiter is one without a line end behind it too"),
    Reason("limits", "bomb/.*", is_limit,
           "10,000 addresses and 200 parameters of a field, 100 parts inside parts; the peer's are others, and it leaves out what is beyond"),
    Reason("follows from another structure", ".*", is_below_other_shape,
           "what a section is follows from the structure, whose difference has an explanation of its own"),
]
