using System.Diagnostics;

namespace MailAccess.EndToEnd.Peers;

/// <summary>Reads a log file as it grows.</summary>
internal sealed class LogFollower : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly string _file;
    private readonly Process _tail;
    private readonly List<string> _seen = [];

    /// <summary>From its first line; the file may come later.</summary>
    public LogFollower(string file)
    {
        _file = file;
        _tail = Process.Start(new ProcessStartInfo("tail", ["-n", "+1", "-F", file]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    /// <summary>The first line in which all these words stand; waits for it. One caller at a time.</summary>
    public async Task<string> LineAsync(params string[] words)
    {
        bool IsIt(string line) => words.All(w => line.Contains(w, StringComparison.Ordinal));
        if (_seen.Find(IsIt) is { } seen)
        {
            return seen;
        }
        using CancellationTokenSource waiting = new(Patience, TimeProvider.System);
        try
        {
            while (await _tail.StandardOutput.ReadLineAsync(waiting.Token) is { } line)
            {
                _seen.Add(line);
                if (IsIt(line))
                {
                    return line;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Told below.
        }
        Assert.Fail($"{_file} does not say \"{string.Join(" … ", words)}\":\n{string.Join('\n', _seen)}");
        return "";
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tail.Kill();
        _tail.Dispose();
    }
}
