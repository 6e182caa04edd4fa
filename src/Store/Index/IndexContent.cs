using MailAccess.Store.Model;

namespace MailAccess.Store.Index;

/// <summary>What an index file shall say: a snapshot that cannot change any more, and the names that its records point to. Nothing is copied.</summary>
internal sealed record IndexContent
{
    public required Guid Guid { get; init; }

    public required MailboxSnapshot Snapshot { get; init; }

    /// <summary>The heap as far as it was filled when the snapshot was published.</summary>
    public required ReadOnlyMemory<byte> Names { get; init; }

    /// <summary>The place of the heap's first octet.</summary>
    public required long NamesBase { get; init; }

    public Uid FirstUnclaimed { get; init; } = new(1);

    public ulong CacheGeneration { get; init; }

    public long NewFolderTicks { get; init; }

    public long CurFolderTicks { get; init; }

    /// <summary>What went since the index was last written (<see cref="VanishedFile"/>).</summary>
    public IReadOnlyList<VanishedUids> Vanished { get; init; } = [];

    /// <summary>The mod-sequence before that; null where nothing has changed since.</summary>
    public ModSeq? IndexedModSeq { get; init; }

    public static IndexContent Of(IndexState state) => new()
    {
        Guid = state.Guid,
        Snapshot = state.ToSnapshot(),
        Names = state.Names.Memory,
        NamesBase = state.Names.Base,
        FirstUnclaimed = state.FirstUnclaimed,
        CacheGeneration = state.CacheGeneration,
        NewFolderTicks = state.NewFolderTicks,
        CurFolderTicks = state.CurFolderTicks,
        Vanished = state.Vanished,
        IndexedModSeq = state.IndexedModSeq,
    };
}
