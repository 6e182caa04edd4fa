using System.Diagnostics.CodeAnalysis;
using System.Text;
using MailAccess.Store;

namespace MailAccess.Imap.Grammar;

/// <summary>
/// A message or a part of one, as URLs name it — RFC 5092 §11: relative ones, on this server and in this session's scope, as CATENATE uses them
/// (RFC 4469 §3), and the path of absolute ones.
/// </summary>
internal sealed record ImapUrl
{
    /// <summary>Where the message is; null: in the selected mailbox.</summary>
    public MailboxName? Mailbox { get; private init; }

    /// <summary>What the mailbox's must be; null: whatever it is.</summary>
    public uint? UidValidity { get; private init; }

    /// <summary>The message.</summary>
    public required Uid Uid { get; init; }

    /// <summary>What of it; null: all.</summary>
    public BodySection? Section { get; private init; }

    /// <summary>Of that, octets from the first on; without a count all that follow. RFC 5550 §5.7.1.</summary>
    public (uint First, uint? Count) Partial { get; private init; }

    /// <summary>
    /// iabsolute-path = "/" imailbox-ref iuid [isection] [ipartial], and iuid-only [isection] [ipartial], which the selected mailbox
    /// completes (RFC 5092 §9.1). Everything else is refused: other servers and other users, lists of messages, mailboxes named relative
    /// to the selected one (§7.2).
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, ImapServices services, [NotNullWhen(true)] out ImapUrl? url)
    {
        url = null;
        if (!UrlText.IsUrl(text) || text.StartsWith("//"u8))
        {
            return false;
        }
        bool takesPartial = !services.IsDisabled("URL-PARTIAL");
        return text.StartsWith("/"u8) ? TryParsePath(RemoveDots(text[1..]), services.Limits, takesPartial, out url)
            : TryParseMessage(text, null, null, services.Limits, takesPartial, out url);
    }

    /// <summary>imessagepart = imailbox-ref iuid [isection] [ipartial]: what stands behind the server's name in an absolute URL.</summary>
    public static bool TryParsePath(ReadOnlySpan<byte> path, ImapLimits limits, bool takesPartial, [NotNullWhen(true)] out ImapUrl? url)
    {
        url = null;
        return TryTakeMailbox(ref path, out MailboxName? mailbox, out uint? validity) && UrlText.TryTake(ref path, "/"u8)
            && TryParseMessage(path, mailbox, validity, limits, takesPartial, out url);
    }

    private static bool TryParseMessage(
        ReadOnlySpan<byte> text, MailboxName? mailbox, uint? validity, ImapLimits limits, bool takesPartial, [NotNullWhen(true)] out ImapUrl? url)
    {
        BodySection? section = null;
        (uint First, uint? Count) partial = default;
        uint uid = 0;
        bool parsed = UrlText.TryTake(ref text, ";UID="u8) && UrlText.TryTakeNumber(ref text, out uid)
            && (!UrlText.TryTake(ref text, "/;SECTION="u8) || TryTakeSection(ref text, limits, out section))
            && (!takesPartial || !UrlText.TryTake(ref text, "/;PARTIAL="u8) || TryTakePartial(ref text, out partial))
            && text.IsEmpty;
        url = parsed ? new ImapUrl { Mailbox = mailbox, UidValidity = validity, Uid = new Uid(uid), Section = section, Partial = partial } : null;
        return parsed;
    }

    /// <summary>url-resp-text: as the client wrote it, but for what may not stand in a response code. RFC 4469 §5.</summary>
    public static string ForResponse(ReadOnlySpan<byte> text)
    {
        StringBuilder shown = new(text.Length);
        foreach (byte octet in text[..Math.Min(text.Length, ResponseOctetsMax)])
        {
            shown.Append(octet is > 0x20 and < 0x7F and not (byte)']' ? ((char)octet).ToString() : $"%{octet:X2}");
        }
        return shown.Length == 0 ? "\"\"" : shown.ToString();
    }

    private const int ResponseOctetsMax = 1024;

    /// <summary>remove_dot_segments of an absolute path, here without its first slash. RFC 3986 §5.2.4.</summary>
    private static ReadOnlySpan<byte> RemoveDots(ReadOnlySpan<byte> path)
    {
        if (!path.Contains((byte)'.'))
        {
            return path;
        }
        List<string> segments = [];
        foreach (string segment in Encoding.ASCII.GetString(path).Split('/'))
        {
            if (segment == ".." && segments.Count > 0)
            {
                segments.RemoveAt(segments.Count - 1);
            }
            else if (segment is not ("." or ".."))
            {
                segments.Add(segment);
            }
        }
        return Encoding.ASCII.GetBytes(string.Join('/', segments));
    }

    /// <summary>imailbox-ref = enc-mailbox [";UIDVALIDITY=" nz-number]; the name is UTF-8, percent-encoded (RFC 5092 §8).</summary>
    private static bool TryTakeMailbox(ref ReadOnlySpan<byte> text, out MailboxName? mailbox, out uint? validity)
    {
        mailbox = null;
        validity = null;
        int end = text.IndexOf((byte)';'); // Never in a name as it is.
        end -= end > 0 && text[end - 1] == (byte)'/' ? 1 : 0;
        if (end < 1 || !UrlText.TryDecodeText(text[..end], out string name)
            || !MailboxName.TryParse(name, out mailbox))
        {
            return false;
        }
        text = text[end..];
        if (UrlText.TryTake(ref text, ";UIDVALIDITY="u8))
        {
            bool isNumber = UrlText.TryTakeNumber(ref text, out uint number);
            validity = number;
            return isNumber;
        }
        return true;
    }

    /// <summary>enc-section = 1*bchar, a section-spec — RFC 5092 §11.</summary>
    private static bool TryTakeSection(ref ReadOnlySpan<byte> text, ImapLimits limits, out BodySection? section)
    {
        int end = text.IndexOf("/;"u8);
        ReadOnlySpan<byte> encoded = end < 0 ? text : text[..end];
        text = end < 0 ? [] : text[end..];
        section = null;
        if (encoded.IsEmpty || encoded.Contains((byte)';') || !UrlText.TryDecode(encoded, out byte[] octets))
        {
            return false;
        }
        ImapArguments arguments = new((byte[])[(byte)'[', .. octets, (byte)']'], limits);
        return BodySection.TryParse(arguments, isPeek: true, out section) && !arguments.HasMore;
    }

    /// <summary>partial-range = number ["." nz-number] — RFC 5092 §11.</summary>
    private static bool TryTakePartial(ref ReadOnlySpan<byte> text, out (uint First, uint? Count) partial)
    {
        int at = 0;
        bool isNumber = ImapNumbers.TryParse(text, ref at, out uint first);
        text = text[at..];
        partial = (first, null);
        if (!isNumber || !UrlText.TryTake(ref text, "."u8))
        {
            return isNumber;
        }
        bool hasCount = UrlText.TryTakeNumber(ref text, out uint count);
        partial = (first, count);
        return hasCount;
    }
}
