using System.Globalization;

namespace MailAccess.Store.Maildir;

/// <summary>Names that nobody else gives to a file: time, process, counter and host, as Maildir readers expect.</summary>
internal sealed class UniqueNames(TimeProvider clock, string host)
{
    private readonly string _host = host.Replace("/", "\\057", StringComparison.Ordinal).Replace(":", "\\072", StringComparison.Ordinal).Replace(",", "\\054", StringComparison.Ordinal);
    private readonly string _start = Guid.NewGuid().ToString("N")[..8];
    private long _counter;

    /// <summary>The base name of a message of this size, whose lines all end in CRLF.</summary>
    public string Next(long octets) => string.Create(CultureInfo.InvariantCulture, $"{Next()},S={octets},W={octets}");

    /// <summary>The base name of a message whose size the name does not say.</summary>
    public string Next()
    {
        DateTimeOffset now = clock.GetUtcNow();
        long micros = now.Ticks % TimeSpan.TicksPerSecond / 10;
        long counter = Interlocked.Increment(ref _counter);
        // The random part: process ids come back after a restart, and the clock may be set back.
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{now.ToUnixTimeSeconds()}.M{micros:D6}P{Environment.ProcessId}Q{counter}R{_start}.{_host}");
    }

    /// <summary>True for names that a store on this host made before this process began.</summary>
    public bool IsFromEarlierProcess(string baseName) =>
        baseName.Contains($".{_host},S=", StringComparison.Ordinal)
        && baseName.Contains('Q', StringComparison.Ordinal)
        && baseName.Contains('R', StringComparison.Ordinal)
        && !baseName.Contains($"R{_start}.", StringComparison.Ordinal);
}
