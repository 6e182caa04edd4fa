using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Responses;
using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>Writes BINARY[…] and BINARY.SIZE[…]: sections without their content transfer encoding, decoded as they are sent. RFC 3516 §4.3.</summary>
/// <remarks>
/// A literal's length comes first, so a section is decoded twice: once to count it, then to send it. Parts that hold parts, and the message
/// itself, have no encoding (RFC 2045 §6.4): they are sent as they are. Lines are the store's, in CRLF; text that somebody put into base64
/// with other line ends comes out as it was put in.
/// </remarks>
internal sealed class BinarySectionWriter(ImapSession session, SelectedMailbox selected)
{
    private static readonly ImapCompletion UnknownEncoding =
        ImapCompletion.No("UNKNOWN-CTE", "a section is encoded in a way that is not known here; BODY[] has it as it is");

    private static readonly ImapCompletion DamagedEncoding =
        ImapCompletion.No("PARSE", "a section is not what its encoding says; BODY[] has it as it is");

    private readonly ImapWriter _writer = session.Writer;

    /// <summary>Finds out what the section comes to, before anything of the response is written. Gives why it cannot be answered, or the default.</summary>
    public async ValueTask<ImapCompletion> MeasureAsync(BodySection section, Uid uid, IMessageContent content, MimePart? structure)
    {
        string path = PathOf(section);
        if (!selected.DecodedSections.TryGet(uid, path, out DecodedSection known))
        {
            known = await CountAsync(section, uid, content, structure);
            selected.DecodedSections.Add(uid, path, known);
        }
        return known.Refusal;
    }

    /// <summary>"BINARY.SIZE" section-binary SP number — RFC 3516 §7.</summary>
    public void WriteSize(BodySection section, Uid uid)
    {
        _writer.Write(section.Label);
        _writer.Write(" "u8);
        _writer.WriteNumber(Known(section, uid).Octets);
    }

    /// <summary>"BINARY" section-binary SP (nstring / literal8) — RFC 3516 §7. Lost content cuts the connection.</summary>
    public async ValueTask WriteAsync(BodySection section, Uid uid, IMessageContent content, MimePart? structure)
    {
        _writer.Write(section.Label);
        if (Find(section, content, structure) is not { } found)
        {
            _writer.Write(" NIL"u8);
            return;
        }
        DecodedSection known = Known(section, uid);
        long first = Math.Min(section.Partial?.First ?? 0, known.Octets);
        long count = Math.Min(section.Partial?.Count ?? long.MaxValue, known.Octets - first);
        _writer.Write(known.HasNul ? " ~{"u8 : " {"u8);
        _writer.WriteNumber(count);
        _writer.Write("}\r\n"u8);
        if (count > 0)
        {
            await SendAsync(section, uid, content, found, first, first + count);
        }
    }

    private static string PathOf(BodySection section) => string.Join('.', section.Path);

    /// <summary>Where it stands, and its encoding; null where the message has no such section.</summary>
    private static (OctetRange Range, string Encoding)? Find(BodySection section, IMessageContent content, MimePart? structure)
    {
        if (section.Path.Count == 0)
        {
            return (new OctetRange(0, content.Octets), "BINARY");
        }
        MimePart? part = SectionLocator.FindPart(structure!, section.Path);
        return part is null ? null : (new OctetRange(part.BodyOffset, part.BodyOctets), part.TransferEncoding);
    }

    private DecodedSection Known(BodySection section, Uid uid)
    {
        selected.DecodedSections.TryGet(uid, PathOf(section), out DecodedSection known);
        return known;
    }

    private async ValueTask<DecodedSection> CountAsync(BodySection section, Uid uid, IMessageContent content, MimePart? structure)
    {
        if (Find(section, content, structure) is not { } found)
        {
            return default;
        }
        bool isComposite = section.Path.Count > 0 && SectionLocator.FindPart(structure!, section.Path) is { } part && (part.IsMultipart || part.IsMessage);
        if (isComposite ? !TransferDecoder.IsIdentity(found.Encoding) : !TransferDecoder.IsKnown(found.Encoding))
        {
            return new DecodedSection(0, HasNul: false, UnknownEncoding);
        }
        using SectionDecoder decoder = new(content, found.Range, new DecodingPoint(0, 0, TransferDecoder.For(found.Encoding)));
        long octets = 0;
        bool hasNul = false;
        while (await decoder.ReadAsync() is { } piece)
        {
            octets += piece.Length;
            hasNul = hasNul || piece.Span.Contains((byte)0);
        }
        if (decoder.IsCutOff)
        {
            throw session.LoseContent(uid, selected.Mailbox.Name);
        }
        return decoder.IsDamaged ? new DecodedSection(0, HasNul: false, DamagedEncoding) : new DecodedSection(octets, hasNul, default);
    }

    /// <summary>The decoded octets from the first up to the end, which is not among them.</summary>
    private async ValueTask SendAsync(
        BodySection section, Uid uid, IMessageContent content, (OctetRange Range, string Encoding) found, long first, long end)
    {
        bool isIdentity = TransferDecoder.IsIdentity(found.Encoding);
        DecodingPoint start = (isIdentity ? null : selected.DecodedSections.Before(uid, PathOf(section), first))
            ?? new DecodingPoint(isIdentity ? first : 0, isIdentity ? first : 0, TransferDecoder.For(found.Encoding));
        using SectionDecoder decoder = new(content, found.Range, start);
        long at = start.Octets;
        while (at < end && await decoder.ReadAsync() is { } piece)
        {
            int skipped = (int)Math.Min(piece.Length, Math.Max(0, first - at));
            int taken = (int)Math.Min(piece.Length - skipped, end - at - skipped);
            _writer.Write(piece.Span.Slice(skipped, taken));
            at += piece.Length;
            if (_writer.IsFull)
            {
                await _writer.FlushAsync();
            }
        }
        if (at < end)
        {
            throw session.LoseContent(uid, selected.Mailbox.Name);
        }
        if (section.Partial is not null && !isIdentity)
        {
            selected.DecodedSections.Remember(uid, PathOf(section), decoder.PieceStart);
        }
    }
}
