namespace MailAccess.Tables;

/// <summary>Every size, count and duration of the tables.</summary>
public sealed record TableLimits
{
    /// <summary>The defaults.</summary>
    public static TableLimits Default { get; } = new();

    /// <summary>How often a file is looked at, at most, and only when somebody asks its table.</summary>
    public TimeSpan LookInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>A file that was written more lately than this may be half written yet, and is not read again before.</summary>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Largest file.</summary>
    public long FileOctetsMax { get; init; } = 512L << 20;

    /// <summary>How deep lists and combined tables may name one another.</summary>
    public int NestingMax { get; init; } = 16;

    /// <summary>How long one pattern may try that needs backtracking; those that need none take linear time.</summary>
    public TimeSpan PatternTimeout { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Answers of a socketmap; socketmap_table(5).</summary>
    public int SocketmapAnswerOctetsMax { get; init; } = 100_000;

    /// <summary>Time for one question to a socketmap, connecting included.</summary>
    public TimeSpan SocketmapTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Connections that wait for the next question of one socketmap.</summary>
    public int SocketmapIdleMax { get; init; } = 4;

    /// <summary>How long such a connection waits.</summary>
    public TimeSpan SocketmapIdleTime { get; init; } = TimeSpan.FromSeconds(60);
}
