using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace MailAccess.Dns.Tests;

/// <summary>What a server was asked.</summary>
internal sealed record Asked(ushort Id, string Name, DnsType Type, bool ByTcp, int SourcePort, bool HasEdns, bool HasAd);

/// <summary>A name server on loopback, UDP and TCP on one port, that answers by a function. No answer: silence.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly Func<Asked, IEnumerable<byte[]>> _answer;
    private readonly Socket _udp;
    private readonly Socket _tcp;
    private readonly Task _serving;

    public ScriptedServer(Func<Asked, IEnumerable<byte[]>> answer)
    {
        _answer = answer;
        (_udp, _tcp) = Bind();
        EndPoint = (IPEndPoint)_udp.LocalEndPoint!;
        _serving = Task.WhenAll(ServeUdpAsync(), ServeTcpAsync());
    }

    public IPEndPoint EndPoint { get; }

    public ConcurrentQueue<Asked> Questions { get; } = [];

    public SemaphoreSlim Arrivals { get; } = new(0);

    public static ScriptedServer Answering(Func<Asked, ResponseBuilder?> answer) =>
        new(asked => answer(asked) is { } built ? [built.Build()] : []);

    public async ValueTask DisposeAsync()
    {
        _udp.Dispose();
        _tcp.Dispose();
        await _serving;
    }

    private static (Socket Udp, Socket Tcp) Bind()
    {
        while (true)
        {
            Socket udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
            udp.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            Socket tcp = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                tcp.Bind(udp.LocalEndPoint!);
                tcp.Listen();
                return (udp, tcp);
            }
            catch (SocketException)
            {
                udp.Dispose();
                tcp.Dispose();
            }
        }
    }

    private async Task ServeUdpAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                SocketReceiveFromResult got = await _udp.ReceiveFromAsync(buffer, new IPEndPoint(IPAddress.Any, 0));
                foreach (byte[] answer in Answer(buffer.AsSpan(0, got.ReceivedBytes), (IPEndPoint)got.RemoteEndPoint, byTcp: false))
                {
                    await _udp.SendToAsync(answer, got.RemoteEndPoint);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
        }
    }

    private async Task ServeTcpAsync()
    {
        byte[] buffer = new byte[4096];
        try
        {
            while (true)
            {
                using Socket client = await _tcp.AcceptAsync();
                await using NetworkStream stream = new(client);
                await stream.ReadExactlyAsync(buffer.AsMemory(0, 2));
                int length = BinaryPrimitives.ReadUInt16BigEndian(buffer);
                await stream.ReadExactlyAsync(buffer.AsMemory(0, length));
                foreach (byte[] answer in Answer(buffer.AsSpan(0, length), (IPEndPoint)client.RemoteEndPoint!, byTcp: true))
                {
                    byte[] prefix = [(byte)(answer.Length >> 8), (byte)answer.Length];
                    await stream.WriteAsync(prefix);
                    await stream.WriteAsync(answer.AsMemory(0, answer.Length / 2));
                    await stream.WriteAsync(answer.AsMemory(answer.Length / 2));
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
        }
    }

    private byte[][] Answer(ReadOnlySpan<byte> query, IPEndPoint from, bool byTcp)
    {
        int offset = 12;
        Assert.True(DnsName.TryRead(query, ref offset, out string name));
        Asked asked = new(
            BinaryPrimitives.ReadUInt16BigEndian(query), name, (DnsType)BinaryPrimitives.ReadUInt16BigEndian(query[offset..]),
            byTcp, from.Port, query[11] == 1, (query[3] & 0x20) != 0);
        Questions.Enqueue(asked);
        Arrivals.Release();
        return [.. _answer(asked)];
    }
}
