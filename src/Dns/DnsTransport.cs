using System.Buffers;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace MailAccess.Dns;

/// <summary>One question to one server: UDP, then TCP where the answer did not fit. Each question has its own socket, so its own source port (RFC 5452 §9.2).</summary>
internal sealed class DnsTransport(DnsLimits limits, TimeSpan timeout, TimeProvider clock)
{
    private const int MessageOctetsMax = 65535;

    /// <summary>The server's answer to exactly this question, or null: nothing useful came in time.</summary>
    public async Task<DnsMessage?> AskAsync(IPEndPoint server, DnsQuestion question, CancellationToken cancellationToken)
    {
        DnsMessage? answer = await AskAsync(server, question, limits.UdpPayloadOctetsMax, cancellationToken);
        // A server from before EDNS says FORMERR or NOTIMP: RFC 6891 §7.
        return answer?.ResponseCode is DnsResponseCode.FormatError or DnsResponseCode.NotImplemented
            ? await AskAsync(server, question, 0, cancellationToken)
            : answer;
    }

    private async Task<DnsMessage?> AskAsync(IPEndPoint server, DnsQuestion question, int payloadOctetsMax, CancellationToken cancellationToken)
    {
        ushort id = (ushort)RandomNumberGenerator.GetInt32(0x10000);
        byte[]? query = DnsMessageCodec.TryWriteQuery(id, question, payloadOctetsMax);
        if (query is null)
        {
            return null;
        }
        using CancellationTokenSource deadline = new(timeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(MessageOctetsMax);
        try
        {
            DnsMessage? answer = await AskByUdpAsync(server, query, id, question, buffer, either.Token);
            return answer is { IsTruncated: true }
                ? await AskByTcpAsync(server, query, id, question, buffer, either.Token)
                : answer;
        }
        catch (SocketException)
        {
            return null; // Refused, unreachable: as silent as a timeout.
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task<DnsMessage?> AskByUdpAsync(
        IPEndPoint server, byte[] query, ushort id, DnsQuestion question, byte[] buffer, CancellationToken cancellationToken)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, cancellationToken); // Connected: the kernel drops what others send.
        await socket.SendAsync(query, SocketFlags.None, cancellationToken);
        while (true)
        {
            int length = await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, cancellationToken);
            if (Read(buffer.AsSpan(0, length), id, question) is { } answer)
            {
                return answer;
            }
            // Somebody's guess, or an answer to something else: the true one may still come. RFC 5452 §9.1.
        }
    }

    private async Task<DnsMessage?> AskByTcpAsync(
        IPEndPoint server, byte[] query, ushort id, DnsQuestion question, byte[] buffer, CancellationToken cancellationToken)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(server, cancellationToken);
        byte[] framed = new byte[query.Length + 2]; // RFC 1035 §4.2.2: one write, two octets of length first.
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)query.Length);
        query.CopyTo(framed, 2);
        await socket.SendAsync(framed, SocketFlags.None, cancellationToken);
        if (!await FillAsync(socket, buffer.AsMemory(0, 2), cancellationToken))
        {
            return null;
        }
        int length = BinaryPrimitives.ReadUInt16BigEndian(buffer);
        if (!await FillAsync(socket, buffer.AsMemory(0, length), cancellationToken))
        {
            return null;
        }
        return Read(buffer.AsSpan(0, length), id, question) is { IsTruncated: false } answer ? answer : null;
    }

    private static async Task<bool> FillAsync(Socket socket, Memory<byte> destination, CancellationToken cancellationToken)
    {
        while (!destination.IsEmpty)
        {
            int length = await socket.ReceiveAsync(destination, SocketFlags.None, cancellationToken);
            if (length == 0)
            {
                return false;
            }
            destination = destination[length..];
        }
        return true;
    }

    private DnsMessage? Read(ReadOnlySpan<byte> octets, ushort id, DnsQuestion question) =>
        DnsMessageCodec.TryReadResponse(octets, limits.RecordsMax, out DnsMessage? message) && message!.Id == id
        && message.Question.Type == question.Type && DnsName.Same(message.Question.Name, question.Name)
            ? message
            : null;
}
