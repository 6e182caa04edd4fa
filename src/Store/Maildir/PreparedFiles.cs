using MailAccess.Store.Files;
using MailAccess.Store.Index;
using MailAccess.Store.Model;

namespace MailAccess.Store.Maildir;

/// <summary>A message ready for a commit: in a folder where nobody looks.</summary>
internal sealed record PreparedFile
{
    public required string BaseName { get; init; }

    /// <summary>Where its file is before it has its place, below the mailbox's folder.</summary>
    public required string Waiting { get; init; }

    public required long Octets { get; init; }

    public required bool GoesToNew { get; init; }

    public required FlagLetters Letters { get; init; }

    public bool HasBareLf { get; init; }

    public long CacheLocator { get; init; }

    /// <summary>What the journal must hold of it; empty where the file itself is synced, or is a link to another.</summary>
    public ReadOnlyMemory<byte> JournalContent { get; init; }

    public Guid SourceMailbox { get; init; }

    public string SourceBaseName { get; init; } = "";
}

/// <summary>Messages in a mailbox's <c>tmp</c> folder.</summary>
internal sealed class PreparedFiles(MaildirMailbox mailbox, IReadOnlyList<PreparedFile> prepared) : PreparedMessages
{
    private readonly FrameArrival[] _arrivals = new FrameArrival[prepared.Count];

    public override int Count => prepared.Count;

    public IReadOnlyList<PreparedFile> Files => prepared;

    /// <summary>Filled as the commit asks for each message.</summary>
    public IReadOnlyList<FrameArrival> Arrivals => _arrivals;

    public override PreparedMessage this[int index]
    {
        get
        {
            PreparedFile file = prepared[index];
            long place = mailbox.Names.Add(file.BaseName);
            _arrivals[index] = new FrameArrival(place, file.BaseName, file.SourceMailbox, file.SourceBaseName);
            return new PreparedMessage(
                file.Octets, Locator.Create(place, file.GoesToNew, file.HasBareLf, file.Letters).Value, file.CacheLocator);
        }
    }

    public override ValueTask PlaceAsync() => mailbox.PlaceAsync(prepared);

    public override ValueTask DiscardAsync() => mailbox.DiscardAsync(prepared);
}
