using MailAccess.Wire;

namespace MailAccess.Pop3;

/// <summary>What the session does after a reply.</summary>
internal enum Pop3Next
{
    /// <summary>Reads the next command.</summary>
    Continue,
    /// <summary>Ends as <see cref="Pop3Reply.End"/> says.</summary>
    HangUp,
    /// <summary>Begins TLS.</summary>
    UpgradeToTls,
}

/// <summary>The answer to a command: a status line, perhaps a body, and what comes after. RFC 1939 §3.</summary>
internal sealed record Pop3Reply
{
    private Pop3Reply(bool isOk, string text)
    {
        IsOk = isOk;
        Text = text;
    }

    public bool IsOk { get; }

    /// <summary>Behind <c>+OK</c> or <c>-ERR</c>. Null: the session ends without a word.</summary>
    public string? Text { get; private init; }

    /// <summary>Makes the reply a multi-line one.</summary>
    public Pop3Body? Body { get; private init; }

    public Pop3Next Next { get; private init; }

    public SessionEnd End { get; private init; }

    public static Pop3Reply Ok(string text) => new(true, text);

    public static Pop3Reply Error(string text) => new(false, text);

    /// <summary>The session writes and disposes the body.</summary>
    public static Pop3Reply Multiline(string text, Pop3Body body) => new(true, text) { Body = body };

    /// <summary>The last words.</summary>
    public Pop3Reply Ending(SessionEnd end) => this with { Next = Pop3Next.HangUp, End = end };

    /// <summary>An end without words.</summary>
    public static Pop3Reply Silence(SessionEnd end) => new(false, "") { Text = null, Next = Pop3Next.HangUp, End = end };

    public Pop3Reply ThenUpgradeToTls() => this with { Next = Pop3Next.UpgradeToTls };
}
