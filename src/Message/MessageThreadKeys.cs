using System.Buffers.Binary;

namespace MailAccess.Message;

/// <summary>
/// What THREAD=REFERENCES (RFC 5256 §3) knows a message and its ancestors by: 64 bits of the SHA-256 of each normalized message-id.
/// </summary>
/// <remarks>Encoded: the message's own (0 for none) and then its references, the nearest last, u64 each.</remarks>
public readonly struct MessageThreadKeys(ReadOnlyMemory<byte> encoded)
{
    /// <summary>Of the Message-ID; 0 where there is none that is valid.</summary>
    public ulong MessageId => encoded.Length >= 8 ? BinaryPrimitives.ReadUInt64LittleEndian(encoded.Span) : 0;

    /// <summary>
    /// The ids of References, else the first of In-Reply-To. Of very many the first and the last ones
    /// (<see cref="MessageLimits.ReferencesMax"/>).
    /// </summary>
    public int ReferenceCount => Math.Max(0, (encoded.Length / 8) - 1);

    /// <summary>One of the references, from the thread's root to the parent.</summary>
    public ulong Reference(int index) => BinaryPrimitives.ReadUInt64LittleEndian(encoded.Span[(8 * (index + 1))..]);

    /// <summary>The keys, and what the thread is named by: its first known id; null where the message has no id at all.</summary>
    internal static byte[] Encode(HeaderCapture header, MessageLimits limits, out UInt128? thread)
    {
        byte[]? own = header.TryGet(CapturedField.MessageId, out ReadOnlySpan<byte> id) ? MessageIds.ReadFirst(id) : null;
        List<byte[]> references = header.TryGet(CapturedField.References, out ReadOnlySpan<byte> list)
            ? MessageIds.Read(list, limits.ReferencesMax) : [];
        if (references.Count == 0 && header.TryGet(CapturedField.InReplyTo, out ReadOnlySpan<byte> parents)
            && MessageIds.ReadFirst(parents) is byte[] parent)
        {
            references = [parent];
        }
        byte[] encoded = new byte[8 * (1 + references.Count)];
        UInt128? ownHash = own is null ? null : ObjectId.Hash(own);
        thread = ownHash;
        BinaryPrimitives.WriteUInt64LittleEndian(encoded, ownHash is { } known ? Short(known) : 0);
        for (int i = 0; i < references.Count; i++)
        {
            UInt128 hash = ObjectId.Hash(references[i]);
            thread = i == 0 ? hash : thread;
            BinaryPrimitives.WriteUInt64LittleEndian(encoded.AsSpan(8 * (i + 1)), Short(hash));
        }
        return encoded;
    }

    /// <summary>Never 0, which is none.</summary>
    private static ulong Short(UInt128 hash) => Math.Max(1, (ulong)(hash >> 64));
}
