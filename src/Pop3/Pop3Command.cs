namespace MailAccess.Pop3;

/// <summary>The states of RFC 1939 §3 in which commands are taken; UPDATE takes none.</summary>
[Flags]
internal enum Pop3States
{
    /// <summary>Nobody is logged in.</summary>
    Authorization = 1,
    /// <summary>The maildrop is open.</summary>
    Transaction = 2,
    /// <summary>Both.</summary>
    Any = Authorization | Transaction,
}

/// <summary>A row of the command table.</summary>
internal sealed record Pop3Command(string Verb, Pop3States States, Func<Pop3Session, Pop3Arguments, ValueTask<Pop3Reply>> ExecuteAsync);
