"""Messages that break parsers: whole ones and broken ones, always the same, sorted by what is odd about them.

    for kind, message in corpus.messages(): ...

A kind is "area/oddity"; `message` is octets with LF line ends (CRLF or both where that is the oddity), as a Maildir holds them.
"""
import os
import random

DATE = "Date: Thu, 21 Nov 2024 09:30:00 +0100\n"
PLAIN = "From: Ann <ann@example.test>\nTo: bob@example.test\nSubject: plain\n" + DATE + "Message-ID: <1@example.test>\n"
ADDRESS_FIELDS = ["From", "Sender", "Reply-To", "To", "Cc", "Bcc"]


def octets(text):
    """Text as Latin-1, so that a test can say every octet."""
    return text if isinstance(text, bytes) else text.encode("latin-1")


def utf8(text):
    """Characters of a test as the UTF-8 octets that a mail would hold."""
    return text.encode("utf-8").decode("latin-1")


# --- ENVELOPE ------------------------------------------------------------------------------------------------------------

ADDRESSES = {
    "plain": [
        "a@b.test", "<a@b.test>", "Ann <a@b.test>", '"Ann B." <a@b.test>', "Ann B. <a@b.test>", "Ann B. C. D <a@b.test>", "a@b.test, c@d.test",
        '"Joe Q. Public" <john.q.public@example.com>', "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
        '<boss@nil.test>, "Giant; \\"Big\\" Box" <sysservices@example.net>', "a.b.c@d.e.f", "a+b=c/d!e@b.test", "1@2.test", "a@b",
        "Ann   B   <a@b.test>", "  a@b.test  ", "\tAnn\t<a@b.test>", "A<a@b.test>", '"A"<a@b.test>', '"A" "B" <a@b.test>', 'A "B" C <a@b.test>',
        "x_y-z@b-c.test", "$a|b~c@d.test", "{a}@b.test", "'a'@b.test", "'Ann' <a@b.test>", "`a`@b.test", "#a%b&c*d@e.test", "a@b.test,c@d.test",
    ],
    "group": [
        "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;", "Undisclosed recipients:;", "undisclosed-recipients:;",
        "undisclosed-recipients: ;", '"Quoted group": a@b.test;', "G: a@b.test, c@d.test;, e@f.test", "a@b.test, G: c@d.test;, H: e@f.test;",
        "G:;, H:;", "G: <a@b.test>;", "(comment) G (more): (inside) a@b.test (last);", "G : a@b.test ;", "G. H.: a@b.test;", "A B C:;",
    ],
    "group broken": [
        "G: a@b.test", "G: a@b.test, c@d.test", "G:", "G: ,;", "G: , a@b.test;", "G: a@b.test,;", "G: a@b.test,, c@d.test;", ": a@b.test;", ":;", "::",
        "G: H: a@b.test;;", "G: H: a@b.test; c@d.test;", "G: a@b.test; c@d.test", "G: a@b.test; , c@d.test", "G:; a@b.test", "G;", ";", "; a@b.test",
        "a@b.test: c@d.test;", "<a@b.test>: c@d.test;", '"unterminated: a@b.test;', "undisclosed-recipients", "undisclosed-recipients;", "unlisted-recipients:; (no To-header on input)",
        "G: bob;", "G: bob, ann;", "To: a@b.test", "mailto:a@b.test", "<mailto:a@b.test>", "smtp:a@b.test", "[SMTP:a@b.test]",
    ],
    "comment": [
        "a@b.test (Ann)", "a@b.test (Ann) (B.)", "(Ann) a@b.test", "a (one) @ (two) b.test (three)", "a@b.test ()", "a@b.test ( )", "a@b.test (Ann (nested) B)",
        "a@b.test (esc \\) aped)", "a@b.test (\\\\)", "a@b.test(close)", "Ann (comment) <a@b.test>", "Ann <a@b.test> (comment)", "Ann <(c)a(d)@(e)b.test(f)>",
        "<a@b.test> (Ann)", "(Ann) <a@b.test>", "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "a@b.test (Ann), c@d.test (Carl)",
        "a@b.test (one), c@d.test", "c@d.test, a@b.test (one)", '"Ann" (c) <a@b.test>', "Ann (c) B <a@b.test>", "a@b.test (Ann, B)", "a@b.test (<c@d.test>)",
        "a@b.test (=?utf-8?q?J=C3=B6rg?=)", "a@b.test\n (Ann)", "a@b.test (An\n n)", "John Doe <jdoe@machine(comment).  example>", "a@b.test (tab\there)",
    ],
    "comment broken": [
        "a@b.test (Ann", "a@b.test Ann)", "a@b.test )", "(", ")", "()", "(Ann", "(Ann)", "(Ann),", "a@b.test ((Ann)", "a@b.test (Ann))", "a@b.test (\\", "a@b.test (Ann\\)",
        "Ann (B <a@b.test>", "Ann) <a@b.test>", "Ann ) B <a@b.test>", "<a@b.test (c>", "<a@b.test (c), d@e.test", "(a@b.test)", "a@b.test, (c@d.test", "(((((((((a@b.test",
    ],
    "route": [
        "<@a.test:b@c.test>", "<@a.test,@b.test:c@d.test>", "Ann <@a.test,@b.test:c@d.test>", "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
        "<@ a . test , @ b . test : c@d.test>", "<@a.test,,@b.test:c@d.test>", "<@[192.0.2.1]:a@b.test>", "<@a.test: b@c.test >",
    ],
    "route broken": [
        "<@a.test b@c.test>", "<@a.test>", "<@a.test:>", "<@:b@c.test>", "<@>", "<:a@b.test>", "<@a.test,b.test:c@d.test>", "<@a.test@b.test:c@d.test>", "@a.test:b@c.test",
        "<a.test:b@c.test>", "<@a.test:b>",
    ],
    "quoted": [
        '"a b"@c.test', '"a"@b.test', '"a@b"@c.test', '<"a b"@c.test>', '"a\\"b"@c.test', '"a\\\\b"@c.test', '""@c.test', '"a".b@c.test', 'a."b".c@d.test', '"a.b"@c.test', '"Ann \\"B\\" C" <a@b.test>',
        '"a,b" <c@d.test>', '"a;b" <c@d.test>', '"a:b" <c@d.test>', '"<a>" <c@d.test>', '"(a)" <c@d.test>', '"" <a@b.test>', '" " <a@b.test>', '" Ann " <a@b.test>',
        '"Ann\n B" <a@b.test>', '"Ann\tB" <a@b.test>', '"a@b.test" <a@b.test>', "\"'a@b.test'\" <a@b.test>", '"a@b.test"', '"Ann <a@b.test>"', '"Ann" <"a@b.test">',
    ],
    "quoted broken": [
        '"Ann <a@b.test>', 'Ann" <a@b.test>', 'Ann "B <a@b.test>', '"a"b"@c.test', '"Ann" "B <a@b.test>', '"\\', '"', '""', '"" ""', '"a\\', '"Ann \\" <a@b.test>', "'Ann <a@b.test>",
        '""Ann"" <a@b.test>', '"Ann"" <a@b.test>', '"Ann"B" <a@b.test>', '"Ann, B <a@b.test>, c@d.test', '\\"Ann\\" <a@b.test>', "Ann \\<a@b.test>", '"a@b.test', "a\\b@c.test", "\\a@b.test",
    ],
    "8 bit": [
        utf8("Jörg <j@b.test>"), utf8("Jörg Müller <j@b.test>"), utf8('"Jörg" <j@b.test>'), utf8("jörg@b.test"), utf8("a@bücher.test"), utf8("jörg@bücher.test"), utf8("用户@例子.测试"),
        utf8("Ω: a@b.test;"), utf8("a@b.test (Jörg)"), "J\xf6rg <j@b.test>", '"J\xf6rg" <j@b.test>', "j\xf6rg@b.test", "a@b\xfc.test", "a@b.test (J\xf6rg)", "\xff\xfe <a@b.test>",
        "\x80@b.test", utf8("日本語 <a@b.test>, 中文 <c@d.test>"), utf8("😀 <a@b.test>"), "\xa0a@b.test", "a@b.test\xa0", "Ann\xa0B <a@b.test>", "\xc3 <a@b.test>",
        "=?utf-8?q?J=C3=B6rg?= <j@b.test>", '"=?utf-8?q?J=C3=B6rg?=" <j@b.test>', "=?utf-8?b?SsO2cmc=?= =?utf-8?q?_M?= <j@b.test>", "=?utf-8?q?J=C3=B6rg, M?= <j@b.test>", "=?utf-8?q?j=40b.test?=",
        "=?utf-8?q?=22a=22_=3Cb=40c.test=3E?=", "=?us-ascii?q?a?=@b.test",
    ],
    "separator": [
        "a@b.test,", ",a@b.test", ",,a@b.test,,", " , ", ",", "a@b.test,,c@d.test", "a@b.test , , c@d.test", "a@b.test,\n c@d.test", "a@b.test\n ,c@d.test", "a@b.test, \n\tc@d.test,\n e@f.test",
    ],
    "separator broken": [
        "a@b.test; c@d.test", "a@b.test;", "a@b.test ; c@d.test;", "Ann <a@b.test>; Bob <c@d.test>", "a@b.test c@d.test", "Ann <a@b.test> Bob <c@d.test>", "<a@b.test> <c@d.test>", "<a@b.test><c@d.test>",
        "a@b.test <c@d.test> e@f.test", "a@b.test and c@d.test", "a@b.test/c@d.test", "a@b.test|c@d.test", "Ann <a@b.test>. Bob <c@d.test>", "a@b.test:c@d.test", "Doe, Ann <a@b.test>", "Doe, Ann",
        "Doe, Ann <a@b.test>, Roe, Bob <c@d.test>", "Ann, Bob, Carl", "ann bob carl", "a@b.test junk", "a@b.test junk, c@d.test", "junk a@b.test", "junk a@b.test, c@d.test", "Ann <a@b.test> junk, c@d.test",
    ],
    "bracket broken": [
        "Ann <a@b.test", "Ann a@b.test>", "<a@b.test", "a@b.test>", "<<a@b.test>>", "Ann <<a@b.test>>", "<a@b.test>>", "<", ">", "<>", "< >", "<<>>", "<,>", "Ann <>", "Ann <", "Ann >", "Ann <Bob>",
        "Ann <a@b.test, c@d.test", "Ann <a@b.test>, c@d.test>", "Ann <Bob <a@b.test>>", "Ann <a@b.test c@d.test>", "Ann < a@b.test >", "Ann <a @ b.test>", "Ann <a@ b.test>", "Ann <a@b .test>", "<a@b.test,c@d.test>",
        "<a b@c.test>", "<a@b c>", "Ann <a@b.test.>", "Ann [a@b.test]", "Ann {a@b.test}", "Ann &lt;a@b.test&gt;", "Ann <a@b.test;c@d.test>", "Ann <a at b.test>", "<Ann a@b.test>", "<'a@b.test'>", '<"Ann" a@b.test>',
    ],
    "double": [
        "a@b.test <c@d.test>", "a@b.test <a@b.test>", "a@b <c@d>", "a@b.test (Ann) <c@d.test>", "Ann a@b.test <c@d.test>", "a@b.test Ann <c@d.test>", "Ann@home <a@b.test>", "@home <a@b.test>", "Ann @ home <a@b.test>",
        "a@b.test, c@d.test <e@f.test>", "'a@b.test' <a@b.test>", "Ann (a@b.test) <c@d.test>", "Ann, B <c@d.test>", "Ann: B <c@d.test>", "Ann; B <c@d.test>", "Ann/B <c@d.test>", "Ann [B] <c@d.test>", "[list] Ann <a@b.test>",
        "Ann <B> <a@b.test>", "Ann@B: C <a@b.test>", "Re: Ann <a@b.test>", "Dr. Ann <a@b.test>", "Ann. <a@b.test>", ". Ann <a@b.test>", "Ann.B <a@b.test>", "Ann . B <a@b.test>", "Ann..B <a@b.test>", "Ann @B.C <a@b.test>",
    ],
    "domain": [
        "x@[192.0.2.1]", "y@[IPv6:2001:db8::1]", "x@[ 192.0.2.1 ]", "x@[]", "x@[a\\]b]", "x@[192.0.2.1", "x@192.0.2.1]", "x@[192.0.2.1] (c)", "x@[192.0.2.1].test", "x@a[b]c.test", "x@b.test.", "x@.b.test", "x@b..test",
        "x@b.test..", "x@ b.test", "x @b.test", "x@ b . test", "x@b.te st", "x@b_c.test", "x@-b-.test", "x@b,c.test", "x@b/c.test", "x@", "x@ ", "x@,y@z.test", "<x@>", "<x@ >", "@b.test", "<@b.test", "@", "x@@b.test", "x@b@c.test",
        "<x@y@z.test>", "x@y@z.test, a@b.test", "x@(c)", "x@(c)b.test", "x@b.test:25", "x@\"b.test\"", "x%y@b.test", "x!y!z", "x::y", "x@b.test\\", "x@b.test?subject=y",
    ],
    "local": [
        ".a@b.test", "a.@b.test", "a..b@c.test", "..@b.test", ".@b.test", "a . b@c.test", "a .b@c.test", "a. b@c.test", "<a . b@c.test>", "<.a@b.test>", "<a.@b.test>", "<a..b@c.test>", "a b@c.test", "a b c@d.test", "<a b c@d.test>",
        "bob", "<bob>", "Bob <bob>", "bob smith", "bob.smith", "root", "MAILER-DAEMON", "<root>", "Mail Delivery System", '"bob"', '"bob smith"', "bob (Bob)", "/dev/null", "|program", ":include:/x", "a=b", "=", "a/b/c", "/g=a/s=b/@c.test",
        "a\x01b@c.test", "a\x7fb@c.test", "<a\x01b@c.test>", "Ann\x01B <a@b.test>", "a\rb@c.test", "a\x0bb@c.test", "a\x0cb@c.test",
    ],
    "empty": ["", " ", "\t", "\n ", " \n \n ", "\n\t\n ", "(only a comment)", "NIL", "none", "-", "."],
}

STRINGS = {
    "empty": ["", " ", "   ", "\t", "\n ", "\n \n\t", " \n "],
    "folded": [
        "one\n two", "one\n\ttwo", "one \n two", "one\t\n\ttwo", "one\n  two\n   three", "\n one", "\n\tone\n two", "one\n ", "one\n \n two", "one\n\t\n", "  one  ", "one  two", "one\ttwo", "one\n\t two", "one\n two\n", "a\n b\n c\n d\n e",
        "\tone", " \tone", "one \t", "\n  \n  one",
    ],
    "quoting": ['"', '""', '"a"', "\\", "\\\\", "a\\", '\\"', '"\\', "a\"b\\c", "{5}", "{5}\n hello", "NIL", "nil", "()", "(a b)", "*", "%", "]", "a]b", "~{3}", "+", "&-", "&AOQ-"],
    "encoded words": [
        "=?utf-8?q?caf=C3=A9?=", "=?utf-8?b?Y2Fmw6k=?=", "=?iso-8859-1?q?caf=E9?=", "=?utf-8?q?a?= =?utf-8?q?b?=", "=?utf-8?q?a?=\n =?utf-8?q?b?=", "=?utf-8?q?a?=b", "a=?utf-8?q?b?=", "=?utf-8?x?a?=", "=?utf-8?q?a", "=?utf-8?q?", "=?utf-8?", "=?",
        "=?=?=?=", "=??q?a?=", "=?utf-8?q?a b?=", "=?utf-8?q?a=?=", "=?utf-8?q?a=ZZ?=", "=?utf-8?b?a?=", "=?utf-8?b?!!!!?=", "=?utf-8*en?q?a?=", "=?no-such?q?a?=", "=?utf-8?Q??=", "=?utf-8?B??=", "=?utf-7?q?+AOQ-?=", "=?utf-8?q?=00?=", "=?utf-8?q?=0D=0AX:_y?=",
        "=?utf-8?b?" + "QUJD" * 100 + "?=", "=?gb2312?b?xOO6ww==?=", "=?ks_c_5601-1987?b?sKE=?=", "=?unknown-8bit?q?a=E9?=",
    ],
    "8 bit": ["caf\xe9", utf8("café"), utf8("日本語"), "\xff", "\x80", "\xc3", "\xc3(", "a\xa0b", utf8("😀"), utf8("\ufeffbom"), utf8("a\u2028b"), "caf\xe9 \"q\" \\", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\xaf", utf8("é") * 600, "\x1b$BF|K\\\x1b(B"],
    "control": ["a\x01b", "a\x7fb", "a\x08b", "a\x0bb", "a\x0cb", "a\x1bb", "a\rb", "a\r", "\rb", "a\r\r", "a\x00b", "\x00", "a\x00", "\x00a", "a\x85b", "a\x00\n b\x00"],
    "long": ["x" * n for n in (75, 76, 77, 78, 254, 255, 256, 257, 990, 997, 998, 999, 1000, 1001, 1024, 4095, 4096, 4097, 8191, 8192, 8193, 20000)]
            + ["word " * 300, ("word " * 15 + "\n ") * 40, "\n " * 60 + "x", " " * 2000 + "x"],
}

DATES = [
    "Thu, 21 Nov 2024 09:30:00 +0100", "21 Nov 2024 09:30:00 +0100", "Thu, 21 Nov 24 09:30:00 GMT", "Thu Nov 21 09:30:00 2024", "2024-11-21T09:30:00Z", "Thu, 31 Feb 2024 99:99:99 +9999", "yesterday", "0", "", "Thu, 21 Nov 2024 09:30:00 +0100 (CET)",
    "Thu, 21 Nov 2024 09:30:00 (comment (nested)) +0100", "Thu, 21 Nov 2024\n 09:30:00 +0100", "Thu,\t21 Nov 2024 09:30:00 +0100", "Thu,21 Nov 2024 09:30:00 +0100", "Thu,  1 Nov 2024 09:30:00 -0000", "Don, 21 Nov 2024 09:30:00 +0100", "Thu, 21 N\xf6v 2024 09:30:00",
    "Thu, 21 Nov 2024 09:30 +0100", "Thu, 21-Nov-2024 09:30:00 +0100", "Thu, 21 Nov 2024 09:30:00 \"GMT\"", "Thu, 21 Nov 10000 09:30:00 +0100", "Thu, 21 Nov 1900 09:30:00 +0100", "\"Thu, 21 Nov 2024 09:30:00 +0100\"", "Thu, 21 Nov 2024 09:30:00 +0100;", "=?utf-8?q?Thu?=",
    "Thu, 21 Nov 2024 09:30:00 AM +0100", "Thu, 21 Nov 2024 09.30.00 +0100", "1732177800", "Thu, 21 Nov 2024 24:00:00 +0100", "Thu, 21 Nov 2024 23:59:60 +0000", "(comment only)", "Thu, 21 Nov 2024 09:30:00 +0100\n (folded comment)",
]

IDS = [
    "<a@b.test>", "<a@b.test> ", "  <a@b.test>", "a@b.test", "<a b@c.test>", "<a@b.test> <c@d.test>", "<a@b.test>\n <c@d.test>", "<a@b.test", "a@b.test>", "<>", "", " ", "<a>", "<<a@b.test>>", "<a@b.test> (comment)", "(comment) <a@b.test>", "<a@b.test>,<c@d.test>",
    '<"a b"@c.test>', "<a@[192.0.2.1]>", "<a\xe9@b.test>", "<a@b.test>\n\t", "\n <a@b.test>", "<a\n @b.test>", "Your message of Monday <a@b.test>", "\"Ann\" message <a@b.test>", "<" + "x" * 1200 + "@b.test>", "<a@b.test>" * 40, "<a%b@c.test>", "<a/b=c@d.test>",
]

HEADERS = {
    "line without colon": [
        "no colon here\n" + PLAIN, "From: a@b.test\nno colon here\nSubject: x\n", "From: a@b.test\nno colon\n folded\nSubject: x\n", "From bob Thu Jan  1 00:00:00 1970\n" + PLAIN, ">From bob Thu Jan  1 00:00:00 1970\n" + PLAIN,
        "From: a@b.test\nFrom bob Thu Jan  1 00:00:00 1970\nSubject: x\n", " folded at the very start\n" + PLAIN, "\tfolded at the very start\n" + PLAIN, ": empty name\n" + PLAIN, "From: a@b.test\n: empty\nSubject: x\n", "From: a@b.test\n:\nSubject: x\n",
        "Sub ject: x\n" + PLAIN, "From: a@b.test\nSub\xfcject: x\nSubject: y\n", "Subject\n" + PLAIN, "Subject\n folded: x\n" + PLAIN, "From: a@b.test\n- \nSubject: x\n", "{\n" + PLAIN, "From: a@b.test\n.\nSubject: x\n", "From: a@b.test\n--\nSubject: x\n", "HTTP/1.0 200 OK\n" + PLAIN,
    ],
    "name": [
        "Subject : x\n", "Subject\t: x\n", "Subject  \t : x\n", "SUBJECT: x\n", "subject:x\n", "Subject:\tx\n", "Subject:  x\n", "Subject: x\nFrom : a@b.test\nTo\t:c@d.test\n", " Subject: x\n", "Subject:: x\n", "Subject:x:y\n", "\xffSubject: x\n", "Sub\x00ject: x\n", "Subject\x00: x\n", "Subject\x01: x\n",
        "X-" + "n" * 1000 + ": x\nSubject: y\n", "Subject\n: x\n", "Subject\n : x\n", "Subject=x\nFrom: a@b.test\n", "Subject;x\n",
    ],
    "end": [
        "", "Subject: x", "Subject: x\n", "\n", "\nSubject: body\n", "\n\n", "Subject: x\n \n", "Subject: x\n \nFrom: a@b.test\n\nbody\n", "Subject: x\n\t\nbody\n", "Subject: x\n\r\nbody\n", "Subject: x\r\r\n\r\r\nbody\r\r\n", "Subject: x\r\n\nbody\n", "Subject: x\n\n\nbody\n", "Subject: x\n   \n\nbody\n",
        "Subject: x\rFrom: a@b.test\r\rbody\r", "Subject: x\n\rFrom: a@b.test\n\n", "Subject: x\n\r", "Subject: x\r", "\r", "\r\n", "\r\r\n", "x", "body without header\nand two lines\n", "\x00", "Subject: x\n\x00\nFrom: a@b.test\n\n", "Subject: x\n\x0c\nFrom: a@b.test\n\n", "Subject: x\n\nno end", "Subject: x\n\n\r", "Subject: x\n\nCR\r",
        "\xef\xbb\xbfSubject: x\nFrom: a@b.test\n\n", "\xef\xbb\xbf\nSubject: x\n\n", "Subject: x\n.\n\nbody\n",
    ],
    "repeated": [
        "Subject: one\nSubject: two\n", "Subject:\nSubject: two\n", "Subject: one\nSubject:\n", "Date: one\nDate: two\n", "Message-ID: <1@a>\nMessage-ID: <2@a>\n", "In-Reply-To: <1@a>\nIn-Reply-To: <2@a>\n", "From: a@b.test\nFrom: c@d.test\n", "From:\nFrom: c@d.test\n", "From: a@b.test\nFrom:\n",
        "Sender: a@b.test\nSender: c@d.test\nFrom: e@f.test\n", "Reply-To: a@b.test\nReply-To: c@d.test\n", "To: a@b.test\nTo: c@d.test\n", "To: a@b.test\nCc: x@y.test\nTo: c@d.test\nCc: z@y.test\n", "To:\nTo: c@d.test\n", "To: a@b.test\nTo:\n", "To: G: a@b.test\nTo: c@d.test;\n", "To: (open\nTo: c@d.test\n", 'To: "open\nTo: c@d.test\n', "To: <a@b.test\nTo: c@d.test\n",
        "Bcc: a@b.test\nBcc: c@d.test\n", "Sender:\nFrom: a@b.test\n", "Sender: (c)\nReply-To: ,\nFrom: a@b.test\n", "Sender: c@d.test\n", "Reply-To: c@d.test\n", "Reply-To: G:;\nFrom: a@b.test\n", "Resent-From: a@b.test\nResent-To: c@d.test\n" + PLAIN, "subject: one\nSUBJECT: two\n",
        "Content-Type: text/html\nContent-Type: text/plain\n", "Content-Type:\nContent-Type: text/html\n", "Content-Type: bad\nContent-Type: text/html\n", "Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 7bit\n", "Content-Disposition: inline\nContent-Disposition: attachment; filename=x\n", "Content-ID: <1>\nContent-ID: <2>\n",
    ],
}

# --- BODYSTRUCTURE of one part ------------------------------------------------------------------------------------------

FIELDS = {
    "type": ("Content-Type", [
        "text/plain", "TEXT/PLAIN", "text/html; charset=utf-8", "text", "text/", "/plain", "/", "", " ", ";", "text/plain;", "text/plain;;", "text /plain", "text/ plain", "text / plain", "(c) text (c) / (c) plain (c)", "text/plain (c); charset=x", "text\n /plain", "text/plain\n ;\n charset=x", "text/html/x", "text/html x", "text/html,text/plain",
        "text/html charset=x", "text/html: charset=x", "text/html, charset=x", "text//html", "text\\html", '"text/html"', '"text"/"html"', "text/html\x00", "te\xe9xt/html", "text/ht\xe9ml", utf8("text/ünï"), "x-foo/y-bar", "application/octet-stream", "image/jpeg; name=a.jpg", "audio", "image", "application", "multipart", "message", "text/plain charset",
        "t" * 130 + "/plain", "text/" + "p" * 130, "text/plain" + " " * 1000 + "; charset=x", "text/x-a.b+c", "text/*", "*/*", "text/plain@x", "text/[x]", "text/x?y", "text/x=y", "text=html", "plain", "html", "text-plain", "(unterminated text/plain", "text/(c)", "text/(unterminated", "name=x", "charset=utf-8", "; charset=utf-8", "=", "text/plain\n", "application/pdf\n ",
        "message/delivery-status", "message/partial; id=x", "message/external-body; access-type=ANON-FTP", "message/disposition-notification", "message/http", "message/x-foo", "text/rfc822-headers", "text/enriched", "unknown/unknown",
    ]),
    "parameter": ("Content-Type", ["text/plain; " + p for p in (
        "charset=us-ascii", 'charset="us-ascii"', "charset=US-ASCII", "CHARSET=x", "charset =x", "charset= x", "charset = x", "charset=x ", "charset=x;", "charset=x ;", "charset=x; ", ";charset=x", "; ;charset=x", "charset", "charset=", 'charset=""', "charset=;x=y", "=x", "= ;x=y", "charset==x", "charset=x=y", "charset=x; charset=y", "charset=x y", "charset=x y; z=w",
        'charset="x', 'charset=x"', 'charset="x"y', 'charset="x" y', 'charset="x"y; z=w', 'charset="x\\"y"', 'charset="x\\y"', 'charset="x\\', 'charset="x;y"', 'charset="x\n y"', 'charset="x\n\ty"', 'charset="  x  "', "charset='x'", "charset=(c)x", "charset=x(c)", "charset=x (c)", "charset (c) = (c) x (c)", "charset=x(c", "charset=(c", "charset=\"x(c)\"", "char\n set=x",
        "charset\n =x", "charset=\n x", "charset=x\n", "charset=x,y", "charset=x, y=z", "charset=x; y=z; w=v", "charset=x y=z", "charset:x", "charset=x/y", "charset=x:y", "charset=<x>", "charset=[x]", "charset=x@y", "charset=x?y", "charset=\\x", "charset=x\\y", "charset=?", "charset=x\x00y", 'charset="x\x00y"', "charset=x\xe9", 'charset="x\xe9"', utf8("name=ä.txt"),
        utf8('name="ä ö.txt"'), "n\xe4me=x", "na me=x", "na@me=x", 'na"me=x', '"name"=x', "name=a b.txt", "name=a  b.txt", "name= a b.txt ; x=y", "name=a.txt (c); x=y", "name=a(1).txt", "name=a (1).txt", "name=a;b.txt", "name=C:\\dir\\a.txt", 'name="C:\\dir\\a.txt"', "name=a/b.txt", "name=a=b.txt", "name=a,b.txt", "name=[a].txt", "name=<a>", "name='a b.txt'", "name=`a`",
        "name==?utf-8?q?=C3=A4.txt?=", 'name="=?utf-8?q?=C3=A4.txt?="', "name==?utf-8?q?a?= =?utf-8?q?b?=", "name==?utf-8?q?a_b?=; x=y", 'name="=?utf-8?q?a?=\n =?utf-8?q?b?="', "name=\xff\xfe", "name=" + "a" * 300, 'name="' + "a" * 2000 + '"', "name=a;" * 30, "x" * 300 + "=y", "a=b;c=d;e=f;g=h", 'a="b";c="d"', 'a="b" c="d"', "a=b, c=d", "a=b\n;c=d", "a=\"b;c=d", "%=x", "!#$&'*+-.^_`{|}~=x",
        "format=flowed; delsp=yes", "charset=utf-8; format=flowed", "format=flowed", "name", "name;charset=x", "name; charset=x; y", "\"\"", '"a=b"', "(c)", "(c);x=y", "x=y;(c)", "x=y;(c)z=w", "x=y;(c", "NIL=NIL", "a=NIL", "a=\"NIL\"", "a={3}", "a=(b)", "a=\"(b)\"", "x=\r", "x=a\rb", "x=\x01", 'x="\x01\x7f"', "x=a\tb", 'x="a\tb"',
    )]),
    "rfc 2231": ("Content-Disposition", ["attachment; " + p for p in (
        "filename*=utf-8''%C3%A4.txt", "filename*=UTF-8'en'a%20b", "filename*=''a", "filename*='en'a", "filename*=a", "filename*=a'b", "filename*=utf-8''", "filename*=", 'filename*="utf-8\'\'a b"', "filename*=utf-8''a b; x=y", "filename*=utf-8''%", "filename*=utf-8''%4", "filename*=utf-8''%ZZ", "filename*=utf-8''%00", "filename*=no-such''%E4", "filename*=utf-8''%E4",
        "filename*0=a; filename*1=b", "filename*1=b; filename*0=a", "filename*0=a; filename*2=c", "filename*1=b", "filename*1=b; filename*2=c", "filename*0=a; filename*0=b", "filename*0=a; filename*1=b; filename*1=c", "filename*00=a; filename*01=b", "filename*0=a; filename*01=b", "filename*0=a; x=y; filename*1=b", "x=y; filename*0=a; filename*1=b; z=w", 'filename*0="a b"; filename*1=" c d"',
        "filename*0*=utf-8''a; filename*1*=b", "filename*0*=utf-8''%C3; filename*1*=%A4", "filename*0*=utf-8''a; filename*1=b%20c", 'filename*0*=utf-8\'\'a; filename*1="b c"', "filename*0=a; filename*1*=b%20c", "filename*1*=%A4; filename*0*=utf-8''%C3", "filename*0*=utf-8''a; filename*2*=c", "filename*0*=a; filename*1*=b", "filename*0*=utf-8''a", "filename*0=a", "filename*1*=utf-8''a",
        "filename=x; filename*=utf-8''y", "filename*=utf-8''y; filename=x", "filename=x; filename*0=a; filename*1=b", "filename*=utf-8''y; filename*0=a", "filename*0=a; FILENAME*1=b", "Filename*0=a; fileName*1=b", "filename*=a; filename*=b", "filename**=a", "filename*0**=a", "filename*x=a", "filename*x*=a", "filename*-1=a", "filename*0x=a", "filename*99999999999999999999=a",
        "filename*4294967296=a", "*=a", "*0=a", "*0*=a", "**=a", "filename*0 = a; filename*1 = b", "filename *0=a; filename *1=b", "filename* 0=a", "a*0=1; b*0=2; a*1=3; b*1=4", "b*1=1; a*1=2; b*0=3; a*0=4", "title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"", 'url*0="ftp://"; url*1="cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar"',
        "filename*0=" + "; filename*".join(f"{i}=x" if i else "x" for i in range(15)), "; ".join(f"filename*{i}*=%41" for i in range(12)), "filename*0=a;\n filename*1=b;\n filename*2=c", 'filename*0="=?utf-8?q?a"; filename*1="b?="', "filename*0*=utf-8''a(c); filename*1=b", "filename*0=\"\"; filename*1=\"\"", "filename*0=; filename*1=b", "filename*=%C3%A4", "filename*=utf-8'en'us'a",
    )]),
    "encoding": ("Content-Transfer-Encoding", [
        "7bit", "8bit", "BASE64", "Quoted-Printable", "binary", "x-uuencode", "", " ", "7 bit", "7-bit", "8bit;", "8bit; x=y", "base64 (c)", "(c) base64", '"base64"', "base64, 8bit", "base64 8bit", "=?utf-8?q?base64?=", "b\xe4se64", "base64\x00", "base64\n ", "\n base64", "quoted-printable\r", "[base64]", "base64.", "none", "x" * 130, "(c)", "/", "ISO-8859-1", "utf-8", "base64/x", "<base64>",
    ]),
    "disposition": ("Content-Disposition", [
        "attachment", "inline", "ATTACHMENT", "attachment; filename=a.txt", "", " ", ";", "; filename=a.txt", "filename=a.txt", "attachment filename=a.txt", "attachment, filename=a.txt", "attachment: filename=a.txt", '"attachment"; filename=a', "attachment;", "attachment;filename", "attachment;filename=", 'attachment;filename=""', "attachment (c); filename=a",
        "(c) attachment; filename=a", "att\xe4chment", "=?utf-8?q?attachment?=", "attachment; filename=a b.txt", 'attachment; filename="a b.txt"', "attachment; filename=a b.txt; size=5", 'attachment; filename="a;b.txt"; size=5', 'attachment; filename="a\\b.txt"', 'attachment; filename="a""b"', 'attachment; filename="a', "attachment; filename='a b'", "form-data; name=\"x\"; filename=\"y\"",
        'attachment; creation-date="Thu, 21 Nov 2024 09:30:00 +0100"; size=10', "attachment; size=10; read-date=\"x\"", utf8("attachment; filename=ä.txt"), utf8('attachment; filename="日本.txt"'), "attachment; filename=\"=?utf-8?b?w6Q=?=.txt\"", "attachment; filename==?utf-8?b?w6Q=?=", "attachment\n; filename=a", "x-foo; y=z", "/", "attachment/x", "attachment; filename=a; filename=b", "attachment;;filename=a",
    ]),
    "language": ("Content-Language", [
        "en", "en, de", "en,de,fr", "en-US", "EN", "", " ", ",", ",en", "en,", "en,,de", "en de", "en; q=1", "(c) en", "en (German), de", "i-mingo", "x-klingon", '"en"', "e\xe9n", "en/de", "en\n ,de", "*", "=?utf-8?q?en?=", "en_US", "de.AT", "en,(c),de", "1,2", ";en",
    ]),
    "location": ("Content-Location", ["http://a.test/x", "", " ", "x", "http://a.test/x y", "http://a.test/\n x", "http://a.test/\n\tx/\n y", "\"http://a.test\"", "<http://a.test>", "http://a.test (c)", utf8("http://a.test/ä"), "http://a.test/\xe4", "cid:x", "a" * 1200, "http://a.test/?a=b&c=\"d\"", "=?utf-8?q?a?=", "a\\b", "  a  "]),
    "md5": ("Content-MD5", ["Q2hlY2sgSW50ZWdyaXR5IQ==", "", " ", "Q2hl Y2sg", "\"Q2hl\"", "Q2hl (c)", "Q2hl\n Y2sg", "\xe4", "x" * 1100]),
    "id": ("Content-ID", ["<a@b.test>", "a@b.test", "", " ", "<a b>", "<a@b.test> (c)", "(c) <a@b.test>", "<a\n b>", "<a@b.test", '"<a@b.test>"', "<\xe4>", "<a@b.test> <c@d.test>", "  <a@b.test>  ", "<" + "x" * 1100 + ">"]),
    "description": ("Content-Description", ["text", "", " ", "a  b", "a\n b", "a\n\tb", "a\t\tb", "\"a\"", "a (c)", "(c)", utf8("ä"), "\xe4", "=?utf-8?q?=C3=A4?=", "a\\b", "x" * 1100, "  a  ", "a\n \n b", "{3}", "NIL", "a\x00b", "a\x01b"]),
}

# --- multiparts ----------------------------------------------------------------------------------------------------------

BODIES = ["", "\n", "one\n", "one", "one\ntwo\n", "\none\n", "one\n\n", "-- \nsignature\n", "--\n", "-\n", "a line\n.\n", "From me\n", "tab\t\n", "\r\n", "one\r\ntwo\r\n", "bare\rreturn\n", "nul\x00octet\n", "\xe4\xff\n"]

BOUNDARIES = [
    'boundary=b', 'boundary="b"', "boundary=b;", "BOUNDARY=b", 'boundary="b" ', "boundary=b (c)", "boundary = b", "boundary=\n b", "boundary*=us-ascii''b", "boundary*=''b", "boundary*0=b; boundary*1=", 'boundary*0=""; boundary*1=b', "boundary*0*=utf-8''b", "boundary='b'", "boundary=b; boundary=c", "boundary=c; boundary=b",
    "", "boundary", "boundary=", 'boundary=""', 'boundary=" "', 'boundary="b', 'boundary=b"', "boundary=b c", "x=y", "x=y; boundary=b", "boundary=b; x=y", "charset=x; boundary=b; y=z", 'boundary="b\\"', "boundary=<b>", "boundary=b,x", "boundary=b/c", "boundary:b", "boundary=(c)b",
]


def multipart(body, parameters='boundary="b"', subtype="mixed", header=PLAIN):
    return f"{header}MIME-Version: 1.0\nContent-Type: multipart/{subtype}; {parameters}\n\n{body}"


MULTIPARTS = {
    "delimiter": [
        "--b\n\none\n--b--\n", "--b\n\none\n--b\n\ntwo\n--b--\n", "--b \n\none\n--b-- \n", "--b\t\n\none\n--b--\t \n", "--b junk\n\none\n--b-- junk\n", "--bjunk\n\none\n--b--junk\n", "--b\n\none\n--b-\n\ntwo\n--b--\n", "--b\n\none\n--b---\n", "--b\n\none\n--b--epilogue stuck to it\nmore\n", "--b\n\none\n--b--\n--b--\n", "--b\n\none\n--b--\n--b\n\ntwo\n",
        " --b\n\none\n --b--\n", "--b\n\none\n --b\n\ntwo\n--b--\n", "--B\n\none\n--B--\n", "-b\n\none\n-b--\n", "---b\n\none\n---b--\n", "b\n\none\nb--\n", "--b\n\none\n--c\n\ntwo\n--b--\n", "--\n\none\n----\n", "--b\n\none--b--\n", "--b\n\none\n--b-- ", "--b\n\none\n--b--", "--b\n\none\n--b", "--b", "--b\n", "--b\n\n", "--b--", "--b--\n", "--b-- \n--b\n\nx\n",
        "--b\n--b--\n", "--b\n\n--b--\n", "--b\n\n\n--b--\n", "--b\n--b\n--b--\n", "--b\n\n--b\n\n--b--\n", "--b\n\n--b\n--b--\n", "--b\n\none\n--b\n--b\n\nthree\n--b--\n", "--b" + " " * 80 + "\n\none\n--b--\n", "--b" + " " * 300 + "\n\none\n--b--\n", "--b" + "x" * 2000 + "\n\none\n--b--\n", "--b\r\n\r\none\r\n--b--\r\n", "--b\r\n\none\r\n--b--\n", "--b\n\r\none\n\r\n--b--\n",
        "--b\n\none\n\r--b--\n", "--b\r\r\n\none\n--b--\n", "--b\n\none\n--b\x00\n\ntwo\n--b--\n", "--b\n\none\n--b\xa0\n\ntwo\n--b--\n",
    ],
    "end": [
        "", "\n", "text only\n", "preamble\n", "preamble\n--b\n\none\n", "preamble\n\n--b\n\none\n--b--\n\nepilogue\n", "--b\n\none\n--b--\nepilogue", "--b\n\none\n--b--\n\n\n", "--b\n\none\n", "--b\n\none", "--b\n\none\n--b\n\ntwo\n", "--b\nContent-Type: text/html\n", "--b\nContent-Type: text/html", "--b\nContent-Type: text/html\n\n", "--b\nContent-Type: text/html\n--b--\n",
        "--b\nContent-Type: text/html\n--b\nContent-Type: image/png\n\nx\n--b--\n", "--b\none\n--b--\n", "--b\none\ntwo: three\n\nfour\n--b--\n", "--b\none: two\nthree\n\nfour\n--b--\n", "--b\n folded\n\nx\n--b--\n", "--b\nhttp://x.test/\n\nx\n--b--\n", "--b\nContent-Type: text/html\nno colon\n\nx\n--b--\n", "--b\n<html>\n<body>\n--b--\n", "--b\n\nContent-Type: text/html\n\nx\n--b--\n", "--b\n\n\nContent-Type: text/html\n\nx\n--b--\n",
        "--b\n Content-Type: text/html\n\nx\n--b--\n", "--b\n: x\n\ny\n--b--\n", "--b\nX: y\n z\n\nw\n--b--\n", "--b\n\t\nX: y\n\nw\n--b--\n", "--b\n.\n--b--\n", "--b\n\n.\n--b--\n", "\n--b\n\none\n--b--\n", "\n\n--b\n\none\n--b--\n", "-- b\n\none\n--b--\n", "--b\nContent-Type: text/plain\n\none\n\n\n--b--\n",
    ],
}


def leaf(rng):
    field = rng.choice(["", "", "Content-Type: text/plain; charset=utf-8\n", "Content-Type: text/html\nContent-Transfer-Encoding: quoted-printable\n", "Content-Type: image/png; name=x.png\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment; filename=x.png\n",
                        "Content-Type: application/octet-stream\n", "Content-Type: text/plain\nContent-ID: <x@y>\nContent-Description: d\n", "X-Folded: one\n\ttwo\n", "Content-Type: text/calendar; method=REQUEST\n", "Content-Language: en\n"])
    return field + "\n" + rng.choice(BODIES)


def tree(rng, depth, is_broken):
    """An entity: its fields, the empty line and its body."""
    shape = rng.randrange(10) if depth < 4 else 9
    if shape < 4:
        boundary = f"b{depth}" if not is_broken or rng.random() < 0.7 else rng.choice(["b", "b1", "b0x", "=_b", "b--"])
        subtype = rng.choice(["mixed", "alternative", "related", "digest", "report", "x-odd", "signed"])
        text = f'Content-Type: multipart/{subtype}; boundary="{boundary}"\n\n' + rng.choice(["", "", "preamble\n"])
        for _ in range(rng.randrange(0 if is_broken else 1, 4)):
            part = tree(rng, depth + 1, is_broken)
            text += f"--{boundary}\n" + part + ("" if is_broken and rng.random() < 0.2 else "\n")
        text += "" if is_broken and rng.random() < 0.3 else f"--{boundary}--\n"
        return text + rng.choice(["", "", "epilogue\n"])
    if shape < 6:
        return "Content-Type: message/rfc822\n\n" + PLAIN.replace("plain", f"inside {depth}") + tree(rng, depth + 1, is_broken)
    text = leaf(rng)
    return text.replace("\n\n", "\n", 1) if is_broken and rng.random() < 0.1 else text


MESSAGES = [
    "", "\n", "Subject: in\n", "Subject: in\n\n", "Subject: in\n\nbody\n", "\nbody only\n", "body only\n", "body only, no line end", "From: a@b.test\nTo: G: c@d.test;\nDate: x\n\nbody\n", "From bob Thu Jan  1 00:00:00 1970\nSubject: in\n\nbody\n", ">From bob\nSubject: in\n\nbody\n", " folded\nSubject: in\n\nbody\n",
    "Subject: in\nContent-Type: text/html\n\n<p>\n", "Subject: in\nContent-Type: message/rfc822\n\nSubject: in in\n\nbody\n", 'Subject: in\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n--c\n\ntwo\n--c--\n', "Subject: in\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\none\n", "Subject: in\nContent-Type: multipart/mixed\n\nbody\n",
    "Subject: in\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA\n", "Subject: in\nContent-Type: text/plain; name=x\nContent-ID: <x>\nContent-MD5: y\nContent-Disposition: inline\nContent-Language: en\nContent-Location: z\n\nbody\n", "\n\nSubject: late\n\nbody\n", "Subject: \xe4\nFrom: \xe4 <a@b.test>\n\n\xe4\n",
]

MESSAGE_TYPES = ["message/rfc822", "MESSAGE/RFC822", "message/rfc822; x=y", "message/rfc822 (c)", "message/global", "message/news", "message/rfc822\nContent-Transfer-Encoding: 8bit", "message/rfc822\nContent-Transfer-Encoding: base64", "message/rfc822\nContent-Transfer-Encoding: quoted-printable",
                 "message/rfc822\nContent-Disposition: attachment; filename=x.eml\nContent-Description: d", "message/rfc822; name=\"a b.eml\""]


def base_message():
    """A good message with nearly everything in it, to be broken."""
    return (PLAIN + 'Cc: "Carl, C." <c@d.test>, G: e@f.test;\nReply-To: r@b.test\nIn-Reply-To: <0@example.test>\nMIME-Version: 1.0\nContent-Type: multipart/mixed;\n\tboundary="=_outer"\n\npreamble\n--=_outer\n'
            'Content-Type: multipart/alternative; boundary=in\n\n--in\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\ncaf=C3=A9\n--in\nContent-Type: text/html; charset="utf-8"\n\n<p>x</p>\n--in--\n\n--=_outer\nContent-Type: application/pdf;\n name*0*=utf-8\'\'%C3%A4;\n name*1="b.pdf"\n'
            'Content-Disposition: attachment; filename="a b.pdf"; size=12\nContent-Transfer-Encoding: base64\nContent-ID: <pdf@x>\nContent-Description: a =?utf-8?q?d=C3=A9?=\n\nQUJDREVG\nQUJD\n--=_outer\nContent-Type: message/rfc822\n\nFrom: x@y.test\nSubject: inside\n'
            "Content-Type: multipart/mixed; boundary=deep\n\n--deep\n\ndeep one\n--deep\nContent-Type: image/gif\n\nGIF\n--deep--\n--=_outer--\nepilogue\n")


def mutate(rng, text):
    lines = text.split("\n")
    for _ in range(rng.randrange(1, 6)):
        i = rng.randrange(len(lines))
        match rng.randrange(9):
            case 0:
                del lines[i]
            case 1:
                lines.insert(i, lines[rng.randrange(len(lines))])
            case 2:
                lines.insert(i, "")
            case 3:
                lines[i] = lines[i][:rng.randrange(len(lines[i]) + 1)]
            case 4:
                at = rng.randrange(len(lines[i]) + 1)
                lines[i] = lines[i][:at] + rng.choice(['"', "\\", "(", ")", "<", ">", ";", ":", ",", "@", "=", "\x00", "\xff", "\r", "*0*=", "--", " ", "\t", "%", "'", "=?", "?="]) + lines[i][at:]
            case 5:
                lines[i] = " " + lines[i]
            case 6:
                lines[i] = lines[i].lstrip()
            case 7:
                j = rng.randrange(len(lines))
                lines[i], lines[j] = lines[j], lines[i]
            case _:
                lines[i] = lines[i] + rng.choice([" ", "\t", "\r", ";", "--", ","])
    return "\n".join(lines)


def messages():
    """Every message with its kind, in an order that does not change."""
    rng = random.Random(20241121)
    for area, values in ADDRESSES.items():
        for i, value in enumerate(values):
            # In the field that falls to it, and as From, from which the others take their default.
            yield f"address/{area}", f"{ADDRESS_FIELDS[i % len(ADDRESS_FIELDS)]}: {value}\nSubject: x\n\nbody\n"
            yield f"address/{area}", f"From: {value}\nTo: x@y.test, {value}\n\nbody\n"
    alphabet = 'ab "\\<>@,;:.()[] \n\t\xe9'
    for _ in range(400):
        value = "".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 20))).replace("\n", "\n ")
        yield "address/random", f"From: a@b.test\nTo: {value}\n\nbody\n"
    for area, values in STRINGS.items():
        for value in values:
            for field in ("Subject", "Message-ID") if area in ("folded", "empty", "control") else ("Subject",):
                yield f"text/{area}", f"From: a@b.test\n{field}: {value}\nTo: c@d.test\n\nbody\n"
    for value in STRINGS["folded"] + STRINGS["control"] + STRINGS["8 bit"]:
        yield "text/in a name", f'From: "Ann {value} B" <a@b.test>\nTo: Carl {value} <c@d.test>\n\nbody\n'
    for value in DATES:
        yield "text/date", f"From: a@b.test\nDate: {value}\n\nbody\n"
    for value in IDS:
        yield "text/ids", f"From: a@b.test\nMessage-ID: {value}\nIn-Reply-To: {value}\nReferences: {value}\n\nbody\n"
    for area, values in HEADERS.items():
        for value in values:
            yield f"header/{area}", value if area == "end" else value + "\nbody\n"

    for area, (field, values) in FIELDS.items():
        for value in values:
            yield f"part/{area}", f"{PLAIN}MIME-Version: 1.0\n{field}: {value}\n\nbody\nof two lines\n"
    for value in BODIES:
        yield "part/body", PLAIN + "\n" + value
        yield "part/body", PLAIN + "Content-Type: application/octet-stream\n\n" + value

    for parameters in BOUNDARIES:
        yield "multipart/boundary", multipart("--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n", parameters)
    for boundary in ["=_x", "a b", "'()+_,-./:=?", "x" * 69, "x" * 70, "x" * 71, "x" * 80, "x" * 82, "x" * 90, "x" * 250, "x" * 1200, "-", "--", "---", "b--", "--b", "\xe4", "b ", " b", "b\\\"c", ".", "=", "?="]:
        quoted = boundary.replace("\\\"", '"')
        yield "multipart/boundary value", multipart(f"--{quoted}\n\none\n--{quoted}\n\ntwo\n--{quoted}--\n", f'boundary="{boundary}"')
    for area, bodies in MULTIPARTS.items():
        for body in bodies:
            yield f"multipart/{area}", multipart(body)
            yield f"multipart/{area} nested", multipart("--o\nContent-Type: multipart/mixed; boundary=b\n\n" + body + "\n--o\n\nafter\n--o--\n", "boundary=o")
    for outer, inner in [("b", "b1"), ("b1", "b"), ("b", "b"), ("b", "b--"), ("b--", "b"), ("b-", "b"), ("b", "b-"), ("--", "-"), ("-", "--"), ("b", "B"), ("b", "bb"), ("bb", "b")]:
        inside = f"--{outer}\nContent-Type: multipart/mixed; boundary=\"{inner}\"\n\n--{inner}\n\none\n--{inner}\n\ntwo\n--{inner}--\n--{outer}\n\nthree\n--{outer}--\n"
        yield "multipart/prefix", multipart(inside, f'boundary="{outer}"')
        yield "multipart/prefix", multipart(inside.replace(f"--{inner}--\n", ""), f'boundary="{outer}"')
        yield "multipart/prefix", multipart(inside.replace(f"--{inner}--\n", f"--{inner}--\n--{inner}--\n"), f'boundary="{outer}"')
    for subtype in ["mixed", "digest", "DIGEST", "alternative", "x", "", " ", "mixed (c)", "report", "related", "encrypted", "parallel", "form-data", "appledouble"]:
        for header in ["", "Content-Type: text/plain\n", "Content-Type: message/rfc822\n", "Content-Type: broken\n", "Content-Type:\n"]:
            yield "multipart/subtype", multipart(f"--b\n{header}\nSubject: one\n\ntext\n--b--\n", subtype=subtype)
    for encoding in ["7bit", "base64", "quoted-printable", "8bit", "x-odd"]:
        yield "multipart/encoding", multipart("--b\n\none\n--b--\n", header=PLAIN + f"Content-Transfer-Encoding: {encoding}\n")
    for extra in ["Content-Disposition: inline; filename=x\n", "Content-Language: en, de\n", "Content-Location: x\n", "Content-ID: <x>\n", "Content-Description: x\n", "Content-MD5: x\n"]:
        yield "multipart/extension", multipart("--b\n\none\n--b--\n", header=PLAIN + extra)
    for is_broken in (False, True):
        for _ in range(150):
            yield "multipart/random broken" if is_broken else "multipart/random", PLAIN + "MIME-Version: 1.0\n" + tree(rng, 0, is_broken)

    for inner in MESSAGES:
        yield "message/root", PLAIN + "Content-Type: message/rfc822\n\n" + inner
        yield "message/part", multipart("--b\nContent-Type: message/rfc822\n\n" + inner + "\n--b\n\nafter\n--b--\n")
        yield "message/digest", multipart("--b\n\n" + inner + "\n--b\n\n" + inner + "--b--\n", subtype="digest")
    for kind in MESSAGE_TYPES:
        for inner in MESSAGES[4:6] + MESSAGES[14:15]:
            yield "message/type", multipart(f"--b\nContent-Type: {kind}\n\n{inner}\n--b--\n")
            yield "message/type", f"{PLAIN}Content-Type: {kind}\n\n{inner}"

    base = base_message()
    for cut in range(0, len(base), 9):
        yield "broken/cut", base[:cut]
    for _ in range(350):
        yield "broken/mutated", mutate(rng, base)
    for sample in [base, multipart(MULTIPARTS["delimiter"][1]), PLAIN + "\nbody\n"]:
        yield "broken/line ends", sample.replace("\n", "\r\n")
        yield "broken/line ends", sample.replace("\n", "\r")
        yield "broken/line ends", sample.replace("\n", "\r\r\n")
        yield "broken/line ends", sample.replace("\n", "\n\r")
        for _ in range(6):
            yield "broken/line ends", "".join(rng.choice(["\n", "\r\n"]) if c == "\n" else c for c in sample)

    yield "bomb/parts", multipart("--b\n\nx\n" * 12000)
    yield "bomb/nested multiparts", PLAIN + "".join(f"Content-Type: multipart/mixed; boundary=n{i}\n\n--n{i}\n" for i in range(300)) + "\ndeep\n"
    yield "bomb/nested messages", PLAIN + "Content-Type: message/rfc822\n\n" * 300 + "\ndeep\n"
    yield "bomb/addresses", "From: a@b.test\nTo: " + ",\n ".join(f"u{i}@b.test" for i in range(12000)) + "\n\nbody\n"
    yield "bomb/parameters", PLAIN + "Content-Type: text/plain" + "".join(f";\n p{i}=v" for i in range(1500)) + "\n\nbody\n"
    yield "bomb/fields", PLAIN + "".join(f"X-{i}: y\n" for i in range(3000)) + "\nbody\n"
    yield "bomb/comments", "From: " + "(" * 5000 + "a@b.test" + ")" * 5000 + "\n\nbody\n"


def select(share=1):
    """Every `share`-th message of each kind, with its kind."""
    seen, chosen = {}, []
    for kind, message in messages():
        seen[kind] = seen.get(kind, -1) + 1
        if seen[kind] % share == 0:
            chosen.append((kind, octets(message)))
    return chosen


def write(maildir, chosen):
    """Into a Maildir; the order of the names is the order of the messages."""
    for name in ("cur", "new", "tmp"):
        os.makedirs(os.path.join(maildir, name), exist_ok=True)
    for number, (_, message) in enumerate(chosen):
        with open(os.path.join(maildir, "cur", f"{1_700_000_000 + number}.M0P1Q{number}.corpus:2,S"), "wb") as file:
            file.write(message)
