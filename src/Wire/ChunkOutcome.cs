namespace MailAccess.Wire;

/// <summary>What a reader of framed content found.</summary>
public enum ChunkOutcome
{
    /// <summary>Some of the content; valid until the next read.</summary>
    Chunk,
    /// <summary>The content is whole; its framing was consumed, and the line reader may go on.</summary>
    End,
    /// <summary>The client closed its side before the content was whole: nothing of it counts.</summary>
    EndOfStream,
    /// <summary><see cref="IConnection.Wake"/> was called; nothing was consumed. Look at the reasons, then read again.</summary>
    Woken,
}
