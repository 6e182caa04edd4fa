using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap.Fetching;

/// <summary>What a section comes to without its encoding.</summary>
/// <param name="Octets">How long it is then; 0 also where the message has no such section.</param>
/// <param name="HasNul">Only a literal8 can hold it. RFC 3516 §4.3.</param>
/// <param name="Refusal">Why it cannot be given; else the default.</param>
internal readonly record struct DecodedSection(long Octets, bool HasNul, ImapCompletion Refusal);

/// <summary>
/// What this session has found out about sections: a client asks for their sizes first and for big ones in pieces, and finding out means
/// to decode all of it.
/// </summary>
internal sealed class DecodedSections
{
    private const int SectionsMax = 256;

    private readonly Dictionary<(Uid Uid, string Path), DecodedSection> _known = [];
    private Uid _added;
    private (Uid Uid, string Path) _last;
    private DecodingPoint? _end;

    public bool TryGet(Uid uid, string path, out DecodedSection section) => _known.TryGetValue((uid, path), out section);

    /// <summary>What is added of one message stays until something of another is.</summary>
    public void Add(Uid uid, string path, DecodedSection section)
    {
        if (_known.Count >= SectionsMax && uid != _added)
        {
            _known.Clear();
        }
        _added = uid;
        _known[(uid, path)] = section;
    }

    /// <summary>Somewhere before the octet, where the last piece of the same section ended, so that the next one need not begin at the start.</summary>
    public DecodingPoint? Before(Uid uid, string path, long octet) =>
        _last == (uid, path) && _end is { } end && end.Octets <= octet ? end with { Decoder = end.Decoder.Fork() } : null;

    public void Remember(Uid uid, string path, DecodingPoint end)
    {
        _last = (uid, path);
        _end = end;
    }
}
