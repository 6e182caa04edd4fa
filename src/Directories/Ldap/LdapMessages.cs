using System.Formats.Asn1;
using System.Text;

namespace MailAccess.Directories.Ldap;

/// <summary>An answer that is no success — RFC 4511 §4.1.9.</summary>
internal sealed class LdapResultException(string what, int code, string message)
    : IOException($"LDAP: {what}: result {code}{(message.Length > 0 ? $" ({message})" : "")}")
{
    /// <summary>The result code.</summary>
    public int Code => code;
}

/// <summary>An entry of the directory: its name, and the values of those attributes that were asked for.</summary>
internal sealed record LdapEntry(string Dn, Dictionary<string, List<byte[]>> Attributes)
{
    /// <summary>The values of an attribute, as texts.</summary>
    public IEnumerable<string> Texts(string? attribute) =>
        attribute is not null && Attributes.TryGetValue(attribute, out List<byte[]>? values) ? values.Select(v => Encoding.UTF8.GetString(v)) : [];
}

/// <summary>What is searched, where.</summary>
/// <param name="Base">The entry to begin at.</param>
/// <param name="IsRead">That entry alone, or all below it.</param>
/// <param name="Filter">Which of them.</param>
/// <param name="Name">What stands in the filter's places.</param>
/// <param name="Attributes">What of them is wanted.</param>
/// <param name="SizeMax">More entries than these are an error; 0: as many as there are.</param>
internal sealed record LdapSearch(string Base, bool IsRead, LdapFilter Filter, LdapName Name, IReadOnlyList<string> Attributes, int SizeMax);

/// <summary>An answer as far as all answers are alike.</summary>
internal readonly record struct LdapResult(int Code, string Message);

/// <summary>Messages of LDAP in BER — RFC 4511 §4. Those that are read throw <see cref="AsnContentException"/> where they are none.</summary>
internal static class LdapMessages
{
    /// <summary>BindResponse.</summary>
    public const int BindResponse = 1;

    /// <summary>SearchResultEntry.</summary>
    public const int SearchEntry = 4;

    /// <summary>SearchResultDone.</summary>
    public const int SearchDone = 5;

    /// <summary>SearchResultReference.</summary>
    public const int SearchReference = 19;

    /// <summary>ExtendedResponse.</summary>
    public const int ExtendedResponse = 24;

    private const int Version = 3;
    private const string StartTlsOid = "1.3.6.1.4.1.1466.20037"; // RFC 4511 §4.14.1
    private const string PagesOid = "1.2.840.113556.1.4.319"; // RFC 2696 §2

    /// <summary>BindRequest with a simple password — RFC 4511 §4.2.</summary>
    public static byte[] Bind(int id, string dn, ReadOnlySpan<byte> password)
    {
        AsnWriter writer = Begin(id, 0);
        writer.WriteInteger(Version);
        Write(writer, dn);
        writer.WriteOctetString(password, new Asn1Tag(TagClass.ContextSpecific, 0));
        return End(writer, 0);
    }

    /// <summary>ExtendedRequest for StartTLS — RFC 4511 §4.14.1.</summary>
    public static byte[] StartTls(int id)
    {
        AsnWriter writer = Begin(id, 23);
        writer.WriteOctetString(Encoding.ASCII.GetBytes(StartTlsOid), new Asn1Tag(TagClass.ContextSpecific, 0));
        return End(writer, 23);
    }

    /// <summary>SearchRequest — RFC 4511 §4.5.1; with a page of so many entries where that is not 0 (RFC 2696).</summary>
    public static byte[] Search(int id, LdapSearch search, int seconds, int page, ReadOnlySpan<byte> cookie)
    {
        AsnWriter writer = Begin(id, 3);
        Write(writer, search.Base);
        writer.WriteEnumeratedValue(search.IsRead ? Scope.Base : Scope.Subtree);
        writer.WriteEnumeratedValue(Aliases.Never);
        writer.WriteInteger(search.SizeMax);
        writer.WriteInteger(seconds);
        writer.WriteBoolean(false);
        search.Filter.Write(writer, search.Name);
        writer.PushSequence();
        foreach (string attribute in search.Attributes)
        {
            Write(writer, attribute);
        }
        writer.PopSequence();
        writer.PopSequence(Application(3));
        if (page > 0)
        {
            WritePage(writer, page, cookie);
        }
        writer.PopSequence();
        return writer.Encode();
    }

    /// <summary>The message's number, what it is, and the rest of it.</summary>
    public static (int Id, int Kind, AsnReader Message) Open(ReadOnlyMemory<byte> octets)
    {
        AsnReader message = new AsnReader(octets, AsnEncodingRules.BER).ReadSequence();
        return !message.TryReadInt32(out int id) || message.PeekTag().TagClass != TagClass.Application
            ? throw new AsnContentException() : (id, message.PeekTag().TagValue, message);
    }

    /// <summary>LDAPResult — RFC 4511 §4.1.9; behind it the cookie of the next page, if any.</summary>
    public static LdapResult ReadResult(AsnReader message, int kind, out byte[] cookie)
    {
        AsnReader result = message.ReadSequence(Application(kind));
        ReadOnlySpan<byte> code = result.ReadEnumeratedBytes().Span;
        result.ReadOctetString();
        string said = Encoding.UTF8.GetString(result.ReadOctetString());
        cookie = message.HasData ? ReadCookie(message) : [];
        return new LdapResult(code.Length == 1 ? code[0] : int.MaxValue, new string([.. said.Select(c => char.IsControl(c) ? ' ' : c).Take(200)]));
    }

    /// <summary>SearchResultEntry — RFC 4511 §4.5.2.</summary>
    public static LdapEntry ReadEntry(AsnReader message)
    {
        AsnReader entry = message.ReadSequence(Application(SearchEntry));
        string dn = Encoding.UTF8.GetString(entry.ReadOctetString());
        Dictionary<string, List<byte[]>> attributes = new(StringComparer.OrdinalIgnoreCase);
        AsnReader list = entry.ReadSequence();
        while (list.HasData)
        {
            AsnReader attribute = list.ReadSequence();
            string type = Encoding.UTF8.GetString(attribute.ReadOctetString());
            List<byte[]> values = attributes[type] = [];
            AsnReader set = attribute.ReadSetOf(skipSortOrderValidation: true);
            while (set.HasData)
            {
                values.Add(set.ReadOctetString());
            }
        }
        return new LdapEntry(dn, attributes);
    }

    private static AsnWriter Begin(int id, int kind)
    {
        AsnWriter writer = new(AsnEncodingRules.BER);
        writer.PushSequence();
        writer.WriteInteger(id);
        writer.PushSequence(Application(kind));
        return writer;
    }

    private static byte[] End(AsnWriter writer, int kind)
    {
        writer.PopSequence(Application(kind));
        writer.PopSequence();
        byte[] message = writer.Encode();
        writer.Reset(); // Overwrites what it holds: a password may be in it.
        return message;
    }

    private static Asn1Tag Application(int kind) => new(TagClass.Application, kind);

    private static void Write(AsnWriter writer, string text) => writer.WriteOctetString(Encoding.UTF8.GetBytes(text));

    /// <summary>Controls [0], with the one of pages.</summary>
    private static void WritePage(AsnWriter writer, int page, ReadOnlySpan<byte> cookie)
    {
        AsnWriter value = new(AsnEncodingRules.BER);
        value.PushSequence();
        value.WriteInteger(page);
        value.WriteOctetString(cookie);
        value.PopSequence();
        Asn1Tag controls = new(TagClass.ContextSpecific, 0);
        writer.PushSequence(controls);
        writer.PushSequence();
        Write(writer, PagesOid);
        writer.WriteOctetString(value.Encode());
        writer.PopSequence();
        writer.PopSequence(controls);
    }

    private static byte[] ReadCookie(AsnReader message)
    {
        AsnReader controls = message.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        while (controls.HasData)
        {
            AsnReader control = controls.ReadSequence();
            bool isPage = Encoding.UTF8.GetString(control.ReadOctetString()) == PagesOid;
            if (control.HasData && control.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean))
            {
                control.ReadBoolean();
            }
            if (isPage && control.HasData)
            {
                AsnReader value = new AsnReader(control.ReadOctetString(), AsnEncodingRules.BER).ReadSequence();
                value.ReadInteger();
                return value.ReadOctetString();
            }
        }
        return [];
    }

    private enum Scope
    {
        Base,
        One,
        Subtree,
    }

    private enum Aliases
    {
        Never,
    }
}
