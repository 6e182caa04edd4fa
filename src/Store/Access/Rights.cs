using System.Text;

namespace MailAccess.Store.Access;

/// <summary>What somebody may do with a mailbox. RFC 4314 §2.1.</summary>
[Flags]
public enum Rights
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary><c>l</c>: it is visible.</summary>
    Lookup = 1,
    /// <summary><c>r</c>: SELECT, STATUS.</summary>
    Read = 2,
    /// <summary><c>s</c>: <c>\Seen</c>.</summary>
    Seen = 4,
    /// <summary><c>w</c>: flags other than <c>\Seen</c> and <c>\Deleted</c>.</summary>
    Write = 8,
    /// <summary><c>t</c>: <c>\Deleted</c>.</summary>
    DeleteMessages = 16,
    /// <summary><c>i</c>: APPEND, COPY into it.</summary>
    Insert = 32,
    /// <summary><c>p</c>: mail may be sent to it.</summary>
    Post = 64,
    /// <summary><c>e</c>: EXPUNGE.</summary>
    Expunge = 128,
    /// <summary><c>k</c>: mailboxes below it may be created.</summary>
    Create = 256,
    /// <summary><c>x</c>: it may be deleted and renamed.</summary>
    DeleteMailbox = 512,
    /// <summary><c>a</c>: its access control list may be read and changed.</summary>
    Administer = 1024,
    /// <summary>All of them.</summary>
    All = 2047,
}

/// <summary>Rights as letters.</summary>
public static class RightsText
{
    /// <summary>In the order of the bits; as Dovecot writes them.</summary>
    private const string Letters = "lrswtipekxa";

    /// <summary>The rights whose letter RFC 2086 did not know: what <c>RIGHTS=</c> announces. RFC 4314 §2.2.</summary>
    public const string NewLetters = "texk";

    /// <summary>What RFC 2086's <c>c</c> stands for. RFC 4314 §2.1.1.</summary>
    public const Rights OldCreate = Rights.Create | Rights.DeleteMailbox;

    /// <summary>What RFC 2086's <c>d</c> stands for.</summary>
    public const Rights OldDelete = Rights.Expunge | Rights.DeleteMessages;

    /// <summary>False for a letter that is no right. <c>c</c> and <c>d</c> stand for their members.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out Rights rights)
    {
        rights = Rights.None;
        foreach (char letter in text)
        {
            int bit = Letters.IndexOf(letter, StringComparison.Ordinal);
            Rights one = letter == 'c' ? OldCreate : letter == 'd' ? OldDelete : bit >= 0 ? (Rights)(1 << bit) : Rights.None;
            if (one == Rights.None)
            {
                return false;
            }
            rights |= one;
        }
        return true;
    }

    /// <summary>The letters.</summary>
    public static string ToLetters(this Rights rights)
    {
        StringBuilder text = new();
        for (int bit = 0; bit < Letters.Length; bit++)
        {
            if (((int)rights & (1 << bit)) != 0)
            {
                text.Append(Letters[bit]);
            }
        }
        return text.ToString();
    }

    /// <summary>The letters, with <c>c</c> and <c>d</c> where one of their members is there: RFC 4314 §2.1.1 demands it in responses.</summary>
    public static string ToResponse(this Rights rights) =>
        rights.ToLetters() + ((rights & OldCreate) != 0 ? "c" : "") + ((rights & OldDelete) != 0 ? "d" : "");

    /// <summary>True where all of them are there.</summary>
    public static bool Has(this Rights rights, Rights wanted) => (rights & wanted) == wanted;
}
