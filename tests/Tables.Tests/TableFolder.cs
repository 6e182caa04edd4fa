using System.Text;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Tables.Tests;

/// <summary>A folder of tables, a clock that stands still, an opener, and what it logged.</summary>
internal sealed class TableFolder : ILogger, IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-tables-");

    public TableFolder(TableLimits? limits = null, Dictionary<string, TableFactory>? factories = null) =>
        Opener = new TableOpener(new TableContext(limits ?? TableLimits.Default, Clock, this), factories ?? []);

    public ManualTimeProvider Clock { get; } = new();

    public TableOpener Opener { get; }

    public List<string> Logged { get; } = [];

    public string Path(string name) => System.IO.Path.Combine(_folder.FullName, name);

    /// <summary>Writes a file that was last written long ago.</summary>
    public string Write(string name, string content) => Write(name, Encoding.UTF8.GetBytes(content));

    public string Write(string name, byte[] content) => Write(name, content, TimeSpan.FromHours(1));

    public string Write(string name, byte[] content, TimeSpan age)
    {
        File.WriteAllBytes(Path(name), content);
        File.SetLastWriteTimeUtc(Path(name), (Clock.GetUtcNow() - age).UtcDateTime);
        return Path(name);
    }

    public ILookUpTable Open(string specification, TableSyntax syntax = TableSyntax.Map)
    {
        Assert.True(Opener.TryOpen(specification, syntax, out ILookUpTable? table, out string? error), error);
        return table!;
    }

    public string Refused(string specification, TableSyntax syntax = TableSyntax.Map)
    {
        Assert.False(Opener.TryOpen(specification, syntax, out ILookUpTable? table, out string? error));
        Assert.Null(table);
        return error!;
    }

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        Logged.Add($"{logLevel}: {formatter(state, exception)}");

    public bool IsEnabled(LogLevel logLevel) => true;

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public async ValueTask DisposeAsync()
    {
        await Opener.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

internal static class Asking
{
    /// <summary>The value; null where there is none. Failures fail the test.</summary>
    public static async Task<string?> AskAsync(this ILookUpTable table, string key)
    {
        TableAnswer answer = await table.FindAsync(key, TestContext.Current.CancellationToken);
        Assert.NotEqual(LookUpOutcome.Failed, answer.Outcome);
        return answer.Value;
    }

    /// <summary>On which line the answer stands.</summary>
    public static async Task<int> LineAsync(this ILookUpTable table, string key) =>
        (await table.FindAsync(key, TestContext.Current.CancellationToken)).Place!.Line;
}
