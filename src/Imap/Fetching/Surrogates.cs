using MailAccess.Message;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>A message with internationalized headers as a client is shown it that knows none.</summary>
/// <param name="Edits">What differs from the message; nothing where nothing had to.</param>
/// <param name="Structure">Of what is shown.</param>
/// <param name="Summary">Of what is shown: its ENVELOPE and BODYSTRUCTURE. Its identities are not the message's.</param>
internal sealed record Surrogate(IReadOnlyList<OctetEdit> Edits, MimePart Structure, MessageSummary Summary);

/// <summary>
/// Makes surrogates and remembers the last one: a client that fetches a message in pieces makes us do it once. RFC 6855 §7, RFC 6858.
/// </summary>
/// <remarks>Nothing of them is kept with the mail: who enables UTF8=ACCEPT gets the message itself.</remarks>
internal sealed class Surrogates
{
    private Uid _uid;
    private Surrogate? _last;

    /// <summary>What is shown for a message.</summary>
    /// <param name="uid">Its UID.</param>
    /// <param name="content">It.</param>
    /// <param name="structure">Of it, if that is known.</param>
    /// <param name="headerOctetsMax">Headers behind so many octets of headers are shown as they are.</param>
    public async ValueTask<Surrogate> GetAsync(Uid uid, IMessageContent content, MimePart? structure, int headerOctetsMax)
    {
        if (_last is null || _uid != uid)
        {
            List<OctetEdit> edits = [];
            await FindAsync(structure ?? (await StructureCache.ParseAsync(content)).Finish(), content, headerOctetsMax, edits);
            MessageParser shown = await StructureCache.ParseAsync(new EditedContent(content, edits));
            _last = new Surrogate(edits, shown.Finish(), shown.Summarize());
            _uid = uid;
        }
        return _last;
    }

    /// <summary>The headers of the message and of all its parts, in their order. Gives how many octets may still be looked at.</summary>
    private static async ValueTask<int> FindAsync(MimePart part, IMessageContent content, int left, List<OctetEdit> edits)
    {
        if (part.HeaderOctets > left)
        {
            return 0;
        }
        await HeaderFieldsReader.ReadAsync(
            new OctetRange(part.HeaderOffset, part.HeaderOctets), content, left, header => HeaderDowngrade.Find(header, part.HeaderOffset, edits));
        left -= (int)part.HeaderOctets;
        foreach (MimePart inner in part.Parts)
        {
            left = await FindAsync(inner, content, left, edits);
        }
        return left;
    }
}
