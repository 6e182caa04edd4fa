using MailAccess.Imap.Grammar;
using MailAccess.Message;

namespace MailAccess.Imap.Fetching;

/// <summary>Octets of a message.</summary>
internal readonly record struct OctetRange(long Offset, long Octets);

/// <summary>Finds a section's octets in a message by its structure. RFC 3501 §6.4.5, "BODY[&lt;section&gt;]".</summary>
internal static class SectionLocator
{
    /// <summary>Null where the message has no such section: its value is NIL.</summary>
    public static OctetRange? Find(MimePart root, long messageOctets, BodySection section)
    {
        if (section.Path.Count == 0)
        {
            return section.Text == SectionText.Whole ? new OctetRange(0, messageOctets) : TextOf(root, section.Text);
        }
        if (FindPart(root, section.Path) is not { } part)
        {
            return null;
        }
        return section.Text switch
        {
            SectionText.Whole => new OctetRange(part.BodyOffset, part.BodyOctets),
            SectionText.Mime => new OctetRange(part.HeaderOffset, part.HeaderOctets),
            // The others are texts of a message: the part must hold one.
            _ => part.IsMessage ? TextOf(part.Parts[0], section.Text) : null,
        };
    }

    /// <summary>The part that these numbers name, one at least; null where the message has none.</summary>
    public static MimePart? FindPart(MimePart root, IReadOnlyList<uint> path)
    {
        MimePart? part = PartOfMessage(root, path[0]);
        for (int i = 1; i < path.Count && part is not null; i++)
        {
            // A message in a part: numbers go on with the parts of that message's body.
            part = part.IsMessage ? PartOfMessage(part.Parts[0], path[i]) : PartOfMultipart(part, path[i]);
        }
        return part;
    }

    private static OctetRange TextOf(MimePart message, SectionText text) => text == SectionText.Text
        ? new OctetRange(message.BodyOffset, message.BodyOctets)
        : new OctetRange(message.HeaderOffset, message.HeaderOctets);

    /// <summary>Every message has at least part 1: where it is no multipart, that is its body.</summary>
    private static MimePart? PartOfMessage(MimePart message, uint number) =>
        message.IsMultipart ? PartOfMultipart(message, number) : number == 1 ? message : null;

    private static MimePart? PartOfMultipart(MimePart part, uint number) =>
        part.IsMultipart && number <= (uint)part.Parts.Count ? part.Parts[(int)number - 1] : null;
}
