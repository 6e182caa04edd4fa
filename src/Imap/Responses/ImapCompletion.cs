using MailAccess.Wire;

namespace MailAccess.Imap.Responses;

/// <summary>resp-cond-state: OK, NO, BAD — RFC 3501 §7.1.</summary>
internal enum ImapStatus
{
    /// <summary>Not decided.</summary>
    None,
    /// <summary>Done.</summary>
    Ok,
    /// <summary>Understood, and refused or failed.</summary>
    No,
    /// <summary>Not understood, or not now. Counts as the client's error.</summary>
    Bad,
}

/// <summary>What a command came to: the tagged line, which the session's loop writes.</summary>
/// <param name="Status">Its condition.</param>
/// <param name="Code">The response code without brackets, or null.</param>
/// <param name="Text">For people; never empty.</param>
internal readonly record struct ImapCompletion(ImapStatus Status, string? Code, string Text)
{
    /// <summary>The session ends after this line, so.</summary>
    public SessionEnd? Ends { get; init; }

    /// <summary>A login failed: counted apart from errors.</summary>
    public bool IsFailedLogin { get; init; }

    /// <summary>This line is not written: what had to be said has been said.</summary>
    public bool IsSilent { get; init; }

    /// <summary>Sequence numbers stood in a command that otherwise would let messages go at its end: none goes yet.</summary>
    public bool KeepsNumbers { get; init; }

    /// <summary>Not the default value.</summary>
    public bool IsGiven => Status != ImapStatus.None;

    /// <summary>The session goes on; the command has written its own tagged line.</summary>
    public static ImapCompletion Silent => new(ImapStatus.Ok, null, "said") { IsSilent = true };

    public static ImapCompletion Ok(string text) => new(ImapStatus.Ok, null, text);

    public static ImapCompletion Ok(string? code, string text) => new(ImapStatus.Ok, code, text);

    public static ImapCompletion No(string text) => new(ImapStatus.No, null, text);

    public static ImapCompletion No(string code, string text) => new(ImapStatus.No, code, text);

    public static ImapCompletion Bad(string text) => new(ImapStatus.Bad, null, text);

    public static ImapCompletion Bad(string code, string text) => new(ImapStatus.Bad, code, text);

    /// <summary>The session ends without another line.</summary>
    public static ImapCompletion HangUp(SessionEnd end) => new(ImapStatus.Bad, null, "hung up") { Ends = end, IsSilent = true };
}
