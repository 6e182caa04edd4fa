using System.Globalization;

namespace MailAccess.Server.Hosting;

/// <summary>
/// How many files and connections the process may have open (RLIMIT_NOFILE, which the runtime has raised to the hard limit), and how many connections fit
/// into that: a process that has used up its descriptors can neither read mail nor begin a thread.
/// </summary>
internal static class DescriptorLimit
{
    private const string LimitsFile = "/proc/self/limits";
    private const int ReservedMin = 512;
    private const int ReservedMax = 4096;
    private const int ConnectionsMin = 64;

    /// <summary>Of this process; null where it is unlimited or not to be known.</summary>
    public static int? Current => File.Exists(LimitsFile) ? Parse(File.ReadLines(LimitsFile)) : null;

    /// <summary>The soft limit out of the lines of <c>/proc/PID/limits</c>.</summary>
    public static int? Parse(IEnumerable<string> lines)
    {
        const string title = "Max open files";
        string? line = lines.FirstOrDefault(l => l.StartsWith(title, StringComparison.Ordinal));
        string? soft = line?[title.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return int.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out int limit) ? limit : null;
    }

    /// <summary>As many connections as configured, or fewer where too few descriptors would be left for the mail.</summary>
    public static int ConnectionsOf(int configured, int? limit) =>
        limit is not { } known ? configured : Math.Min(configured, Math.Max(ConnectionsMin, known - Math.Clamp(known / 8, ReservedMin, ReservedMax)));

    /// <summary>What an administrator should know; null where everything fits.</summary>
    public static string? Note(int configured, int? limit) =>
        ConnectionsOf(configured, limit) is var served && served < configured
            ? $"limits.connections is {configured}, but a process may have only {limit} files open here: {served} connections are served (raise LimitNOFILE or ulimit -n)"
            : null;
}
