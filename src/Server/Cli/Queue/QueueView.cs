using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using MailAccess.Queue;
using MailAccess.Server.Configuration;
using MailAccess.Server.Control;
using MailAccess.Store;

namespace MailAccess.Server.Cli;

/// <summary>The queue as a command sees it: through the server that runs, or in the spool of one that does not.</summary>
/// <remarks>Members throw <see cref="IOException"/> with a sentence for people.</remarks>
internal abstract class QueueView : IAsyncDisposable
{
    public const string NotRunning = "the server does not run: only \"queue list\" and \"queue show\" work without it";

    /// <summary>Whether a server answers.</summary>
    public abstract bool IsServed { get; }

    /// <summary>The server where it runs, else its spool; null after what is wrong was written.</summary>
    public static QueueView? Open(ServerConfiguration configuration, TimeProvider clock, TextWriter errors)
    {
        try
        {
            string path = ControlSocket.PathIn(configuration.DataFolder);
            using Socket? socket = ControlSocket.Connect(path);
            if (socket is not null)
            {
                return new ServedQueue(path);
            }
            string spool = Path.Combine(configuration.DataFolder, "queue");
            return ReadableFolder.FindProblem(spool) is { } problem ? throw new IOException(problem) : new SpooledQueue(SpoolReader.TryOpen(spool, clock));
        }
        catch (SocketException e)
        {
            errors.WriteLine($"mailaccess: the server's control socket in {configuration.DataFolder}: {e.Message}{(e.SocketErrorCode == SocketError.AccessDenied ? "; it is for the server's user and root only" : "")}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            errors.WriteLine($"mailaccess: {e.Message}");
        }
        return null;
    }

    public abstract IAsyncEnumerable<QueueEntry> ListAsync(QueueFilter filter, long? limit, CancellationToken cancellationToken);

    public abstract IAsyncEnumerable<byte[]> ReadContentAsync(string id, bool headerOnly, CancellationToken cancellationToken);

    public abstract IAsyncEnumerable<QueueActionOutcome> ActAsync(QueueFilter filter, QueueAction action, string? text, TimeSpan patience, CancellationToken cancellationToken);

    /// <summary>How many wait and are due now.</summary>
    public abstract Task<long> FlushAsync(CancellationToken cancellationToken);

    public abstract ValueTask DisposeAsync();

    /// <summary>A connection for each request: none waits while a person thinks, and who has enough of an answer hangs up.</summary>
    private sealed class ServedQueue(string path) : QueueView
    {
        public override bool IsServed => true;

        public override IAsyncEnumerable<QueueEntry> ListAsync(QueueFilter filter, long? limit, CancellationToken cancellationToken) =>
            AskAsync(Request(ControlCommand.QueueList, filter) with { Limit = limit }, cancellationToken).Where(a => a.Entry is not null).Select(a => a.Entry!);

        public override IAsyncEnumerable<byte[]> ReadContentAsync(string id, bool headerOnly, CancellationToken cancellationToken) =>
            AskAsync(Request(ControlCommand.QueueContent, new QueueFilter { Ids = [id] }) with { HeaderOnly = headerOnly }, cancellationToken)
                .Where(a => a.Content is not null).Select(a => a.Content!);

        public override IAsyncEnumerable<QueueActionOutcome> ActAsync(
            QueueFilter filter, QueueAction action, string? text, TimeSpan patience, CancellationToken cancellationToken) =>
            AskAsync(Request(ControlCommand.QueueAct, filter) with { Action = action, Text = text, Patience = patience }, cancellationToken)
                .Where(a => a.Outcome is not null).Select(a => a.Outcome!);

        public override async Task<long> FlushAsync(CancellationToken cancellationToken) =>
            await AskAsync(Request(ControlCommand.QueueFlush, QueueFilter.All), cancellationToken).Where(a => a.Ended is not null).Select(a => a.Ended!.Value)
                .FirstAsync(cancellationToken);

        public override ValueTask DisposeAsync() => default;

        private static ControlRequest Request(ControlCommand command, QueueFilter filter) => new() { Version = ControlProtocol.Version, Command = command, Filter = filter };

        private async IAsyncEnumerable<ControlAnswer> AskAsync(ControlRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            if (JsonSerializer.SerializeToUtf8Bytes(request, ControlJson.Default.ControlRequest).Length > ControlProtocol.RequestOctetsMax)
            {
                throw new IOException("so many queue ids are too much for one command: name fewer at once, or choose the messages by a filter");
            }
            await using LineChannel channel = new(Connect(), ControlProtocol.AnswerOctetsMax);
            await channel.WriteAsync(request, ControlJson.Default.ControlRequest, cancellationToken);
            await channel.FlushAsync(cancellationToken);
            ControlAnswer? answer = null;
            while (answer?.Ended is null)
            {
                answer = await channel.ReadAsync(ControlJson.Default.ControlAnswer, cancellationToken) ?? throw new IOException("the server ended before its answer did");
                yield return answer.Error is { } error ? throw new IOException(error) : answer;
            }
        }

        private Socket Connect()
        {
            try
            {
                return ControlSocket.Connect(path) ?? throw new IOException("the server has just ended");
            }
            catch (SocketException e)
            {
                throw new IOException($"the server's control socket {path}: {e.Message}", e);
            }
        }
    }

    private sealed class SpooledQueue(SpoolReader? spool) : QueueView
    {
        public override bool IsServed => false;

        public override IAsyncEnumerable<QueueEntry> ListAsync(QueueFilter filter, long? limit, CancellationToken cancellationToken)
        {
            IAsyncEnumerable<QueueEntry> all = spool?.ListAsync(filter, cancellationToken) ?? AsyncEnumerable.Empty<QueueEntry>();
            return limit is { } some ? all.Take((int)Math.Min(some, int.MaxValue)) : all;
        }

        public override async IAsyncEnumerable<byte[]> ReadContentAsync(string id, bool headerOnly, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await using IMessageContent content = (spool is null ? null : await spool.OpenContentAsync(id, cancellationToken)) ?? throw new IOException($"{id}: no such message");
            await foreach (byte[] chunk in QueueContent.ReadAsync(content, headerOnly, cancellationToken))
            {
                yield return chunk;
            }
        }

        public override IAsyncEnumerable<QueueActionOutcome> ActAsync(
            QueueFilter filter, QueueAction action, string? text, TimeSpan patience, CancellationToken cancellationToken) => throw new IOException(NotRunning);

        public override Task<long> FlushAsync(CancellationToken cancellationToken) => throw new IOException(NotRunning);

        public override ValueTask DisposeAsync() => spool?.DisposeAsync() ?? default;
    }
}
