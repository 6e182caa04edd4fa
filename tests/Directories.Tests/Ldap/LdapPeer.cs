using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading.Channels;

namespace MailAccess.Directories.Tests.Ldap;

/// <summary>A request as it came: what it is (RFC 4511 §4.2 ff.), its number, on which connection.</summary>
internal sealed record LdapRequest(int Kind, int Id, int Connection);

/// <summary>Plays a directory server on a free loopback port that does what real ones do not. Null of the script: no answer.</summary>
internal sealed class LdapPeer : IAsyncDisposable
{
    public const int Bind = 0;
    public const int BindDone = 1;
    public const int Search = 3;
    public const int SearchDone = 5;
    public const int Extended = 23;
    public const int ExtendedDone = 24;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<LdapRequest, byte[]?> _script;
    private readonly Channel<LdapRequest> _requests = Channel.CreateUnbounded<LdapRequest>();
    private readonly Task _serving;
    private int _connections;

    public LdapPeer(Func<LdapRequest, byte[]?> script)
    {
        _script = script;
        _listener.Start();
        _serving = AcceptAsync();
    }

    public Uri Address => new($"ldap://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public int Connections => _connections;

    /// <summary>After which answers it ends the connection.</summary>
    public Func<LdapRequest, bool> HangsUp { get; init; } = _ => false;

    public ConcurrentQueue<LdapRequest> Heard { get; } = [];

    public ValueTask<LdapRequest> NextAsync(CancellationToken cancellationToken) => _requests.Reader.ReadAsync(cancellationToken);

    /// <summary>Says yes to everybody and finds one entry, whose name is alice.</summary>
    public static byte[] Polite(LdapRequest request) => request.Kind switch
    {
        Bind => Result(request.Id, BindDone, 0),
        Search => [.. Entry(request.Id, "alice"), .. Result(request.Id, SearchDone, 0)],
        _ => Result(request.Id, ExtendedDone, 2),
    };

    public static byte[] Result(int id, int kind, int code, string? referral = null) => Message(id, kind, writer =>
    {
        writer.WriteEncodedValue([0x0A, 1, (byte)code]); // ENUMERATED
        writer.WriteOctetString([]);
        writer.WriteOctetString("because\r\nof"u8);
        if (referral is not null)
        {
            writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 3));
            writer.WriteOctetString(Encoding.ASCII.GetBytes(referral));
            writer.PopSequence(new Asn1Tag(TagClass.ContextSpecific, 3));
        }
    });

    public static byte[] Reference(int id, string address) => Message(id, 19, writer => writer.WriteOctetString(Encoding.ASCII.GetBytes(address)));

    public static byte[] Entry(int id, string uid) => Message(id, 4, writer =>
    {
        writer.WriteOctetString(Encoding.UTF8.GetBytes($"uid={uid},dc=test"));
        writer.PushSequence();
        writer.PushSequence();
        writer.WriteOctetString("UID"u8);
        writer.PushSetOf();
        writer.WriteOctetString(Encoding.UTF8.GetBytes(uid));
        writer.PopSetOf();
        writer.PopSequence();
        writer.PopSequence();
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Stop();
        _stop.Dispose();
    }

    private static byte[] Message(int id, int kind, Action<AsnWriter> write)
    {
        AsnWriter writer = new(AsnEncodingRules.BER);
        Asn1Tag tag = new(TagClass.Application, kind);
        writer.PushSequence();
        writer.WriteInteger(id);
        writer.PushSequence(tag);
        write(writer);
        writer.PopSequence(tag);
        writer.PopSequence();
        return writer.Encode();
    }

    private async Task AcceptAsync()
    {
        List<Task> conversations = [];
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptSocketAsync(_stop.Token);
                conversations.Add(ConverseAsync(client, ++_connections));
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(conversations);
        }
    }

    private async Task ConverseAsync(Socket client, int connection)
    {
        using NetworkStream stream = new(client, ownsSocket: true);
        byte[] buffer = new byte[4096];
        int length = 0;
        try
        {
            while (true)
            {
                int read = await stream.ReadAsync(buffer.AsMemory(length), _stop.Token);
                if (read == 0)
                {
                    return;
                }
                length += read;
                while (AsnDecoder.TryReadEncodedValue(buffer.AsSpan(0, length), AsnEncodingRules.BER, out _, out _, out _, out int octets))
                {
                    AsnReader message = new AsnReader(buffer.AsMemory(0, octets), AsnEncodingRules.BER).ReadSequence();
                    message.TryReadInt32(out int id);
                    LdapRequest request = new(message.PeekTag().TagValue, id, connection);
                    buffer.AsSpan(octets, length - octets).CopyTo(buffer);
                    length -= octets;
                    Heard.Enqueue(request);
                    byte[]? answer = _script(request);
                    _requests.Writer.TryWrite(request);
                    await stream.WriteAsync(answer ?? [], _stop.Token);
                    if (HangsUp(request))
                    {
                        return;
                    }
                }
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException)
        {
            // The client has seen enough.
        }
    }
}
