using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using MailAccess.Server.Hosting;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Control;

/// <summary>Answers the command line at a socket in the data folder that only the server's user and root can open.</summary>
/// <remarks>Clients cost nobody but themselves: each has a task, bounded lines and times, and is hung up on when it does not read.</remarks>
internal sealed class ControlServer : IAsyncDisposable
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromSeconds(1);

    private readonly Func<ControlRequest, CancellationToken, IAsyncEnumerable<ControlAnswer>> _answer;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly string _path;
    private readonly Socket _listener;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _clients = [];
    private readonly Task _accepting;

    /// <summary>Listens from now on. Throws <see cref="SocketException"/> or <see cref="IOException"/> where the socket cannot be made.</summary>
    public ControlServer(
        string dataFolder, Func<ControlRequest, CancellationToken, IAsyncEnumerable<ControlAnswer>> answer, TimeProvider clock, ILogger log)
    {
        _answer = answer;
        _clock = clock;
        _log = log;
        _path = ControlSocket.PathIn(dataFolder);
        _listener = ControlSocket.Listen(_path);
        _accepting = AcceptAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _accepting;
        _listener.Dispose();
        File.Delete(_path);
        Task[] clients;
        lock (_gate)
        {
            clients = [.. _clients];
        }
        await Task.WhenAll(clients);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            Socket client;
            try
            {
                client = await _listener.AcceptAsync(_stop.Token);
            }
            catch (OperationCanceledException)
            {
                break;
            }
            catch (SocketException)
            {
                // No descriptor is left, or a client went before we came.
                await Task.Delay(AcceptPause, _clock, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }
            Task serving = Task.Run(() => ServeAsync(client));
            lock (_gate)
            {
                _clients.Add(serving);
            }
            _ = serving.ContinueWith(Ended, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }

        void Ended(Task serving)
        {
            lock (_gate)
            {
                _clients.Remove(serving);
            }
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "The boundary of a client: whatever one command does to us, the server goes on.")]
    private async Task ServeAsync(Socket socket)
    {
        await using LineChannel channel = new(socket, ControlProtocol.RequestOctetsMax);
        try
        {
            int clients;
            lock (_gate)
            {
                clients = _clients.Count;
            }
            if (clients > ControlProtocol.ClientsMax)
            {
                await WriteAsync(channel, new ControlAnswer { Error = "too many commands run at once" });
                await FlushAsync(channel);
                return;
            }
            while (await ReadAsync(channel) is { } request)
            {
                await AnswerAsync(channel, request);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException)
        {
            // The client is gone, does not read, or speaks another language; or we stop.
        }
        catch (Exception e)
        {
            _log.ControlFault(e);
        }
    }

    private async Task AnswerAsync(LineChannel channel, ControlRequest request)
    {
        if (request.Version != ControlProtocol.Version)
        {
            await WriteAsync(channel, new ControlAnswer { Error = $"the server speaks version {ControlProtocol.Version} of the control protocol, the command {request.Version}: restart the server after an update" });
        }
        else
        {
            await foreach (ControlAnswer answer in _answer(request, _stop.Token))
            {
                await WriteAsync(channel, answer);
            }
        }
        await FlushAsync(channel);
    }

    private async Task<ControlRequest?> ReadAsync(LineChannel channel)
    {
        using CancellationTokenSource late = new(ControlProtocol.IdleTimeout, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _stop.Token);
        return await channel.ReadAsync(ControlJson.Default.ControlRequest, either.Token);
    }

    private async Task WriteAsync(LineChannel channel, ControlAnswer answer)
    {
        using CancellationTokenSource late = new(ControlProtocol.WriteTimeout, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _stop.Token);
        await channel.WriteAsync(answer, ControlJson.Default.ControlAnswer, either.Token);
    }

    private async Task FlushAsync(LineChannel channel)
    {
        using CancellationTokenSource late = new(ControlProtocol.WriteTimeout, _clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, _stop.Token);
        await channel.FlushAsync(either.Token);
    }
}
