using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text;
using MailAccess.Server.Control;
using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Server.Tests.Control;

/// <summary>Clients that do not keep to the conversation.</summary>
public sealed class ControlServerTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-control-");
    private readonly ManualTimeProvider _clock = new();
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static CancellationToken None => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Who_does_not_read_is_hung_up_on_in_the_end()
    {
        await using ControlServer server = new(_folder.FullName, (_, stop) => EndlessAsync(stop), _clock, NullLogger.Instance);
        using Socket client = ControlSocket.Connect(ControlSocket.PathIn(_folder.FullName))!;
        await client.SendAsync(Encoding.UTF8.GetBytes("{\"version\":1,\"command\":\"queueList\"}\n"), None);
        await _begun.Task.WaitAsync(None);
        while (!_left.Task.IsCompleted)
        {
            await Task.WhenAny(_left.Task, _clock.ArmedAsync(ControlProtocol.WriteTimeout));
            _clock.Advance(ControlProtocol.WriteTimeout);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"version\":1,\"comm")]
    public async Task Who_says_nothing_or_half_a_line_is_hung_up_on_after_a_minute(string said)
    {
        await using ControlServer server = new(_folder.FullName, (_, stop) => EndlessAsync(stop), _clock, NullLogger.Instance);
        using Socket client = ControlSocket.Connect(ControlSocket.PathIn(_folder.FullName))!;
        await client.SendAsync(Encoding.UTF8.GetBytes(said), None);
        Task<int> end = client.ReceiveAsync(new byte[1], SocketFlags.None, None).AsTask();
        while (!end.IsCompleted)
        {
            await Task.WhenAny(end, _clock.ArmedAsync(ControlProtocol.IdleTimeout)); // It may not have been accepted yet.
            _clock.Advance(ControlProtocol.IdleTimeout);
        }
        Assert.True(end.IsFaulted || await end == 0); // The end, or a reset where something was not read.
    }

    private async IAsyncEnumerable<ControlAnswer> EndlessAsync([EnumeratorCancellation] CancellationToken stop)
    {
        _begun.TrySetResult();
        try
        {
            while (!stop.IsCancellationRequested)
            {
                yield return new ControlAnswer { Content = new byte[1024] };
            }
        }
        finally
        {
            _left.TrySetResult();
        }
        await Task.CompletedTask;
    }
}
