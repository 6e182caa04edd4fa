using System.Globalization;
using System.Text;

namespace MailAccess.Imap.Tests.Generated;

/// <summary>
/// Commands by the grammar of RFC 3501 §9, RFC 9051 §9 and the extensions that are announced: every alternative of every production has its turn, strings
/// come as atoms, quoted and as literals of each kind, keywords in any case. Octets are written one to a character.
/// </summary>
/// <param name="random">Decides.</param>
/// <param name="hasQresync">The session has enabled QRESYNC.</param>
/// <remarks>Nothing of it is wrong: the server may say NO, and never BAD. Sequence numbers stay within three messages.</remarks>
internal sealed class CommandGenerator(Random random, bool hasQresync)
{
    private static readonly string[] Words = ["a", "meeting", "Fred", "x-y", "3:30", "%%", "caf\u00c3\u00a9", "two words", "", "\"quoted\" \\", "&AOk-"];
    private static readonly string[] Headers = ["Subject", "FROM", "x-odd", "Message-Id", "To"];
    private static readonly string[] MailboxNames = ["INBOX", "inbox", "other", "a/b", "\u00e9", "x y", "&AOk-", "wildless"];
    private int _depth;

    /// <summary>A command that is valid before login, without its tag and line end.</summary>
    public string BeforeLogin() => Pick(
        () => Case("CAPABILITY"), () => Case("NOOP"), Id, () => $"{Case("LOGIN")} {AString(Words[random.Next(5)])} {AString("wrong")}");

    /// <summary>One that is valid with and without a mailbox selected.</summary>
    public string LoggedIn() => Pick(
        () => Case("CAPABILITY"), () => Case("NOOP"), Id, () => Case("NAMESPACE"), List, Lsub, Status, Append, Append, Select, Select,
        () => $"{Case("CREATE")} {Mailbox()}{Maybe(() => $" ({Case("USE")} ({Pick("\\Sent", "\\Drafts \\Junk", "\\Archive")}))")}",
        () => $"{Case("DELETE")} {AString("gone" + random.Next(9))}", () => $"{Case("RENAME")} {AString("gone")} {Mailbox()}",
        () => $"{Case(Pick("SUBSCRIBE", "UNSUBSCRIBE"))} {Mailbox()}", () => $"{Case("GETQUOTAROOT")} {Mailbox()}", () => $"{Case("GETQUOTA")} {AString("#user/alice")}",
        GetMetadata, () => $"{Case("SETMETADATA")} {Mailbox("")} ({Many(() => $"{Entry()} {NString("x")}")})",
        () => $"{Case("ENABLE")} {Many(() => Case(Pick("CONDSTORE", "X-UNKNOWN", "QRESYNC")))}", Esearch, Notify);

    /// <summary>One that needs a mailbox.</summary>
    public string Selected() => Pick(
        Fetch, Fetch, Search, Search, Store, Sort, Thread, () => Case("CHECK"), () => Case("EXPUNGE"), () => $"{Case("UID EXPUNGE")} {Uids()}",
        () => $"{Case(Pick("COPY", "MOVE"))} {Numbers()} {Mailbox()}", () => $"{Case(Pick("UID COPY", "UID MOVE"))} {Uids()} {Mailbox()}",
        () => $"{Case("REPLACE")} {random.Next(1, 4)} {Mailbox()}{AppendMessage()}", () => $"{Case("UID REPLACE")} {random.Next(1, 9)} {Mailbox()}{AppendMessage()}",
        () => $"{Case("CANCELUPDATE")} {Quoted("a1")}", () => $"{Case("UIDBATCHES")} {Pick("500", "2000", "4294967295")}{Maybe(() => Pick(" 1:1", " 2:9", " 1:4294967295"))}", LoggedIn);

    private string Id() => $"{Case("ID")} {(Flip() ? Case("NIL") : $"({Many(() => $"{String("name")} {NString("x")}")})")}";

    private string Select() => $"{Case(Pick("SELECT", "EXAMINE"))} {Mailbox()}{Maybe(() => $" ({Many(() => hasQresync ? Pick(Case("CONDSTORE"), $"{Case("QRESYNC")} (7 {random.Next(1, 99)}{Maybe(() => " " + KnownUids())})") : Case("CONDSTORE"), 1)})")}";

    private string KnownUids() => Pick("1:5", "1,3:4", "1:300 (1,2 1,2)");

    private string List()
    {
        string options = Maybe(() => $" ({Pick("SUBSCRIBED", "REMOTE", "SPECIAL-USE", "SUBSCRIBED RECURSIVEMATCH", "")})");
        string patterns = Flip() ? ListMailbox() : $"({Many(ListMailbox)})";
        string returns = Maybe(() => $" {Case("RETURN")} ({Pick("", "SUBSCRIBED", "CHILDREN", "SPECIAL-USE CHILDREN", $"STATUS ({StatusItems()})", $"METADATA ({Many(Entry)})")})");
        return $"{Case("LIST")}{options} {Mailbox("")} {patterns}{returns}";
    }

    private string Entry() => AString(Pick("/private/comment", "/SHARED/Comment", "/shared/vendor/cmu/cyrus-imapd/color", "/private/filters/values/one"));

    private string GetMetadata() =>
        $"{Case("GETMETADATA")}{Maybe(() => $" ({Pick("MAXSIZE 5", "DEPTH infinity", "MAXSIZE 0 DEPTH 1")})")} {Mailbox("")} {Pick(Entry, () => $"({Many(Entry)})")}";

    private string Lsub() => $"{Case(Pick("LSUB", "XLIST"))} {Mailbox("")} {ListMailbox()}";

    private string ListMailbox() => Pick("*", "%", "\"*\"", "INB%", "a/*", "\"\"", Literal("*"), "\"x y%\"");

    private string Status() => $"{Case("STATUS")} {Mailbox()} ({StatusItems()})";

    private string StatusItems() => Many(() => Case(Pick("MESSAGES", "RECENT", "UIDNEXT", "UIDVALIDITY", "UNSEEN", "SIZE", "HIGHESTMODSEQ", "MAILBOXID", "APPENDLIMIT", "DELETED")));

    private string Append() => $"{Case("APPEND")} {Mailbox()}{AppendMessage()}{Maybe(AppendMessage)}";

    private string AppendMessage()
    {
        string text = Pick("Subject: x\r\n\r\nbody\r\n", "", "X: y\r\n\r\n", new string('z', random.Next(200)) + "\r\n");
        string data = Pick(
            () => Literal(text), () => Literal(text), () => "~" + Literal(text),
            () => $"{Case("CATENATE")} ({Many(() => Pick(() => $"{Case("TEXT")} {Literal(text)}", () => $"{Case("URL")} {AString("/INBOX/;UID=1/;SECTION=TEXT")}"))})");
        return $"{Maybe(() => $" ({Maybe(() => Many(Flag))})")}{Maybe(() => " " + DateTimeText())} {data}";
    }

    private string Fetch()
    {
        string items = Pick(
            () => Case(Pick("ALL", "FULL", "FAST")), FetchItem, () => $"({Many(FetchItem, 5)})");
        string modifiers = Maybe(() => $" ({Pick("CHANGEDSINCE 1", "CHANGEDSINCE 9223372036854775807")})");
        return Flip() ? $"{Case("FETCH")} {Numbers()} {items}{modifiers}" : $"{Case("UID FETCH")} {Uids()} {items}{modifiers}";
    }

    private string FetchItem() => Pick(
        () => Case(Pick("ENVELOPE", "FLAGS", "INTERNALDATE", "RFC822", "RFC822.HEADER", "RFC822.SIZE", "RFC822.TEXT", "BODY", "BODYSTRUCTURE", "UID", "MODSEQ", "EMAILID", "THREADID", "SAVEDATE", "PREVIEW")),
        () => $"{Case(Pick("BODY", "BODY.PEEK"))}{Section()}{Maybe(() => $"<{random.Next(50)}.{random.Next(1, 500)}>")}",
        () => $"{Case(Pick("BINARY", "BINARY.PEEK"))}[{Maybe(PartNumber)}]{Maybe(() => $"<{random.Next(50)}.{random.Next(1, 500)}>")}",
        () => $"{Case("BINARY.SIZE")}[{Maybe(PartNumber)}]", () => $"{Case("PREVIEW")} ({Case("LAZY")})");

    private string PartNumber() => Pick("1", "2", "1.1", "1.2.3");

    private string Section() => $"[{Pick(
        () => "", () => Case(Pick("HEADER", "TEXT")), HeaderList, PartNumber, () => $"{PartNumber()}.{Case(Pick("MIME", "HEADER", "TEXT"))}", () => $"{PartNumber()}.{HeaderList()}")}]";

    private string HeaderList() => $"{Case(Pick("HEADER.FIELDS", "HEADER.FIELDS.NOT"))} ({Many(() => AString(Pick(Headers)))})";

    private string Store()
    {
        string what = $"{Pick("", "+", "-")}{Case("FLAGS")}{Maybe(() => Case(".SILENT"))} {(Flip() ? $"({Maybe(() => Many(Flag))})" : Many(Flag))}";
        string modifier = Maybe(() => $"({Case("UNCHANGEDSINCE")} {random.Next(99)}) ");
        return Flip() ? $"{Case("STORE")} {Numbers()} {modifier}{what}" : $"{Case("UID STORE")} {Uids()} {modifier}{what}";
    }

    private string Search()
    {
        string returns = Maybe(() => $" {Case("RETURN")} ({Maybe(() => Many(() => Case(Pick("MIN", "MAX", "ALL", "COUNT", "SAVE")), 3))})");
        return $"{Case(Pick("SEARCH", "UID SEARCH"))}{returns}{Charset()} {SearchKeys()}";
    }

    private string Esearch() =>
        $"{Case("ESEARCH")} {Case("IN")} ({Mailboxes()}) {SearchKeys(isInOther: true)}";

    private string Notify()
    {
        if (random.Next(4) == 0)
        {
            return $"{Case("NOTIFY")} {Case("NONE")}";
        }
        string messages() => $"{Case("MessageNew")} {Case("MessageExpunge")}{Maybe(() => " " + Case("FlagChange"))}";
        string selected = Maybe(() => $"({Case(Pick("SELECTED", "SELECTED-DELAYED"))} {Pick(
            () => Case("NONE"), () => $"({messages()})", () => $"({Case("MessageExpunge")} {Case("MessageNew")} ({Many(FetchItem)}))")})");
        string others = Many(() => $"({Mailboxes()} {Pick(
            () => Case("NONE"), () => $"({messages()})", () => $"({Many(NameEvent)})", () => $"({Many(NameEvent)} {messages()})")})");
        return $"{Case("NOTIFY")} {Case("SET")}{Maybe(() => " " + Case("STATUS"))} {(selected.Length == 0 ? others : Flip() ? selected : $"{selected} {others}")}";
    }

    private string NameEvent() =>
        Case(Pick("MailboxName", "SubscriptionChange", "MailboxMetadataChange", "ServerMetadataChange", "AnnotationChange MessageNew MessageExpunge", "X-Future"));

    private string Mailboxes() => Case(Pick("personal", "inboxes", "subscribed")) is var kind && Flip() ? kind
        : $"{Case(Pick("mailboxes", "subtree", "subtree-one"))} {Pick(Mailbox(), $"({Mailbox()} {Mailbox()})")}";

    private string Sort() =>
        $"{Case(Pick("SORT", "UID SORT"))} ({Many(() => Maybe(() => Case("REVERSE ")) + Case(Pick("ARRIVAL", "CC", "DATE", "FROM", "SIZE", "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO")))}) {Pick("UTF-8", "US-ASCII", "\"utf-8\"")} {SearchKeys()}";

    private string Thread() => $"{Case(Pick("THREAD", "UID THREAD"))} {Case(Pick("ORDEREDSUBJECT", "REFERENCES", "REFS"))} {Pick("UTF-8", "US-ASCII")} {SearchKeys()}";

    private string Charset() => Maybe(() => $" {Case("CHARSET")} {Pick("UTF-8", "US-ASCII", "\"UTF-8\"", Literal("UTF-8"))}");

    private string SearchKeys(bool isInOther = false) => Many(() => SearchKey(isInOther), 3);

    private string SearchKey(bool isInOther)
    {
        if (++_depth > 6)
        {
            _depth--;
            return Case("ALL");
        }
        string key = Pick(
            () => Case(Pick("ALL", "ANSWERED", "DELETED", "DRAFT", "FLAGGED", "NEW", "OLD", "RECENT", "SEEN", "UNANSWERED", "UNDELETED", "UNDRAFT", "UNFLAGGED", "UNSEEN")),
            () => $"{Case(Pick("BCC", "BODY", "CC", "FROM", "SUBJECT", "TEXT", "TO"))} {SearchText()}",
            () => $"{Case(Pick("BEFORE", "ON", "SINCE", "SENTBEFORE", "SENTON", "SENTSINCE", "SAVEDBEFORE", "SAVEDON", "SAVEDSINCE"))} {Date()}",
            () => $"{Case(Pick("KEYWORD", "UNKEYWORD"))} {Pick("$Forwarded", "k1", "NonJunk")}",
            () => $"{Case("HEADER")} {AString(Pick(Headers))} {SearchText()}",
            () => $"{Case(Pick("LARGER", "SMALLER"))} {random.Next(5000)}",
            () => $"{Case(Pick("OLDER", "YOUNGER"))} {random.Next(1, 99999)}",
            () => $"{Case("MODSEQ")} {Maybe(() => $"\"/flags/\\\\Seen\" {Pick("all", "priv", "shared")} ")}{random.Next(99)}",
            () => $"{Case("EMAILID")} {Pick("M1", "x-y_z")}",
            () => $"{Case("FUZZY")} {Case("SUBJECT")} {SearchText()}",
            () => $"{Case("NOT")} {SearchKey(isInOther)}", () => $"{Case("OR")} {SearchKey(isInOther)} {SearchKey(isInOther)}",
            () => $"({Many(() => SearchKey(isInOther), 3)})",
            () => isInOther ? Case("SAVEDATESUPPORTED") : $"{Case("UID")} {Uids()}", () => isInOther ? Case("ALL") : Numbers());
        _depth--;
        return key;
    }

    /// <summary>Text in the charset US-ASCII, which is in all of them.</summary>
    private string SearchText() => AString(Pick(Words.Where(w => w.All(char.IsAscii)).ToArray()));

    private string Numbers() => Many(() => Pick("1", "2", "3", "*", "1:3", "3:1", "2:*", "*:2"), 3, ",");

    private string Uids() => Many(() => Pick("1", "7", "*", "1:3", "9:4", "2:*", "1:4294967295", "4294967294"), 3, ",");

    private string Flag() => Pick("\\Seen", "\\ANSWERED", "\\Flagged", "\\Deleted", "\\draft", "$Forwarded", "k1", "NonJunk");

    private string Date() => Pick("1-Feb-1994", "01-feb-1994", "\"21-Nov-2026\"", "\"3-DEC-2001\"");

    private string DateTimeText() => Pick("\" 7-Feb-1994 21:52:25 -0800\"", "\"17-jul-1996 02:44:25 +0000\"", "\"31-Dec-2026 23:59:60 +1400\"");

    private string Mailbox(string? also = null) => AString(also is not null && Flip() ? also : Pick(MailboxNames));

    private string AString(string text) =>
        text.Length > 0 && text.All(c => char.IsAscii(c) && c > ' ' && !"(){%*\"\\".Contains(c, StringComparison.Ordinal)) && Flip() ? text : String(text);

    private string NString(string text) => Flip() ? Case("NIL") : String(text);

    private string String(string text) => text.All(c => char.IsAscii(c) && c is not ('\r' or '\n')) && Flip() ? Quoted(text) : Literal(text);

    private static string Quoted(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private string Literal(string text) => string.Create(CultureInfo.InvariantCulture, $"{{{text.Length}{(Flip() ? "+" : "")}}}\r\n{text}");

    private string Case(string keyword)
    {
        StringBuilder cased = new(keyword);
        for (int i = 0; i < cased.Length; i++)
        {
            cased[i] = random.Next(3) == 0 ? char.ToLowerInvariant(cased[i]) : cased[i];
        }
        return cased.ToString();
    }

    private bool Flip() => random.Next(2) == 0;

    private string Maybe(Func<string> part) => Flip() ? part() : "";

    private string Many(Func<string> part, int most = 4, string between = " ") =>
        string.Join(between, Enumerable.Range(0, random.Next(1, most + 1)).Select(_ => part()));

    private string Pick(params string[] alternatives) => alternatives[random.Next(alternatives.Length)];

    private string Pick(params Func<string>[] alternatives) => alternatives[random.Next(alternatives.Length)]();
}
