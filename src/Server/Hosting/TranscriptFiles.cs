using System.Threading.Channels;
using MailAccess.Wire;

namespace MailAccess.Server.Hosting;

/// <summary>Writes conversations into a file for each connection, from a task of its own. Lines beyond a bound are dropped.</summary>
internal sealed class TranscriptFiles : ITranscriptSink, IAsyncDisposable
{
    private const int LinesWaitingMax = 50_000;
    private readonly Channel<(string Id, string Line)> _lines =
        Channel.CreateBounded<(string, string)>(new BoundedChannelOptions(LinesWaitingMax) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private readonly string _folder;
    private readonly Task _writer;

    public TranscriptFiles(string folder)
    {
        _folder = folder;
        _writer = WriteAsync();
    }

    public void Write(string connectionId, string line) => _lines.Writer.TryWrite((connectionId, line));

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _writer;
    }

    private async Task WriteAsync()
    {
        await foreach ((string id, string line) in _lines.Reader.ReadAllAsync())
        {
            try
            {
                Directory.CreateDirectory(_folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
                await File.AppendAllTextAsync(Path.Combine(_folder, id + ".txt"), line + "\n");
            }
            catch (Exception problem) when (problem is IOException or UnauthorizedAccessException)
            {
                // A transcript is a help for people; mail goes on without it.
            }
        }
    }
}
