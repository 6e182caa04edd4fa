using System.Net;
using System.Net.Sockets;
using MailAccess.Routing;
using MailAccess.Testing;

namespace MailAccess.Queue.Tests;

/// <summary>The race between a host's addresses: RFC 8305.</summary>
public sealed class HostDialerTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly QueueOptions _options = new() { HostName = "mail.example.test", SpoolFolder = "" };
    private readonly DeadHosts _dead;
    private readonly HostDialer _dialer;

    public HostDialerTests()
    {
        _dead = new DeadHosts(_options.Limits, _clock);
        _dialer = new HostDialer(_dead, _options.Limits, _clock);
    }

    private static CancellationToken None => TestContext.Current.CancellationToken;

    private static DialledHost Host(params EndPoint[] addresses) => new("mx.test", [.. addresses.Select(a => (a, a.ToString()!))]);

    private Task<SmtpSession> OpenAsync(DialledHost host) => _dialer.OpenAsync(
        host, (conversation, peer, helo) => SmtpSession.OpenAsync(conversation, new NextHop { Host = "x" }, new PeerVerifier(new HostTls { Policy = TlsPolicy.Never, Why = "a test" }, null, null), _options, _clock, peer, host.Name, helo), isTlsOptional: true, None);

    /// <summary>An address where nobody listens, nor anybody else can.</summary>
    private static Socket Refusing()
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    }

    [Theory]
    [InlineData("192.0.2.1 192.0.2.2 2001:db8::1 2001:db8::2 2001:db8::3", "2001:db8::1 192.0.2.1 2001:db8::2 192.0.2.2 2001:db8::3")]
    [InlineData("2001:db8::1 192.0.2.1", "2001:db8::1 192.0.2.1")]
    [InlineData("192.0.2.2 192.0.2.1", "192.0.2.2 192.0.2.1")]
    public void Families_take_turns(string addresses, string expected) =>
        Assert.Equal(expected, string.Join(' ', HostDialer.Interleave(addresses.Split(' ').Select(IPAddress.Parse))));

    [Fact]
    public async Task An_address_that_does_not_answer_costs_its_head_start_and_the_first_connection_wins()
    {
        using Unanswering silent = new();
        await using ScriptedPeer good = new();
        await using ScriptedPeer spare = new();
        Task<SmtpSession> opening = OpenAsync(Host(silent.EndPoint, good.EndPoint, spare.EndPoint));
        await _clock.ArmedAsync(TimeSpan.FromMilliseconds(250));
        Assert.False(opening.IsCompleted);
        Assert.Equal(0, good.Connections);
        _clock.Advance(TimeSpan.FromMilliseconds(250));
        await using SmtpSession session = await opening;
        Assert.Equal(good.EndPoint.ToString(), session.Relay);
        Assert.Equal(0, spare.Connections);
        Assert.True(_dead.MayDial(silent.EndPoint, out _)); // It lost; nothing is known of it.
    }

    [Fact]
    public async Task An_address_that_refuses_costs_nothing_and_is_not_dialled_again_soon()
    {
        using Socket held = Refusing();
        EndPoint refusing = held.LocalEndPoint!;
        await using ScriptedPeer good = new();
        await using (SmtpSession session = await OpenAsync(Host(refusing, good.EndPoint)))
        {
            Assert.Equal(good.EndPoint.ToString(), session.Relay);
        }
        Assert.False(_dead.MayDial(refusing, out _));
        SmtpFailureException failure = await Assert.ThrowsAsync<SmtpFailureException>(() => OpenAsync(Host(refusing)));
        Assert.Contains("connection refused", failure.Reply.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_the_winner_gives_no_session_the_others_are_tried_and_a_temporary_answer_outweighs_a_final_one()
    {
        await using ScriptedPeer busy = new(c => c.Verb == "CONNECT" ? "421 4.3.2 busy" : null);
        await using ScriptedPeer never = new(c => c.Verb == "CONNECT" ? "554 5.3.2 never" : null);
        await using ScriptedPeer good = new();
        await using (SmtpSession session = await OpenAsync(Host(busy.EndPoint, never.EndPoint, good.EndPoint)))
        {
            Assert.Equal(good.EndPoint.ToString(), session.Relay);
        }
        foreach (DialledHost host in (DialledHost[])[Host(busy.EndPoint, never.EndPoint), Host(never.EndPoint, busy.EndPoint)])
        {
            Assert.Equal(421, (await Assert.ThrowsAsync<SmtpFailureException>(() => OpenAsync(host))).Reply.Code);
        }
        Assert.True(_dead.MayDial(busy.EndPoint, out _)); // Whoever speaks is not dead.
    }

    [Fact]
    public async Task Who_takes_connections_and_never_greets_is_dead()
    {
        await using ScriptedPeer mute = new(c => c.Verb == "CONNECT" ? PeerAnswer.Drop : null);
        await Assert.ThrowsAsync<SmtpFailureException>(() => OpenAsync(Host(mute.EndPoint)));
        await Assert.ThrowsAsync<SmtpFailureException>(() => OpenAsync(Host(mute.EndPoint)));
        Assert.Equal(1, mute.Connections);
        _clock.Advance(TimeSpan.FromMinutes(1));
        await Assert.ThrowsAsync<SmtpFailureException>(() => OpenAsync(Host(mute.EndPoint)));
        Assert.Equal(2, mute.Connections);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_hangs_up_at_EHLO_is_asked_once_more_with_HELO(bool alsoAtHelo) // RFC 5321 §3.2
    {
        await using ScriptedPeer old = new(c => c.Verb == "EHLO" || (alsoAtHelo && c.Verb == "HELO") ? PeerAnswer.Drop : null);
        Task<SmtpSession> opening = OpenAsync(Host(old.EndPoint));
        if (alsoAtHelo)
        {
            await Assert.ThrowsAsync<SmtpFailureException>(() => opening);
        }
        else
        {
            await (await opening).DisposeAsync();
        }
        Assert.Equal(["CONNECT", "EHLO", "CONNECT", "HELO"], old.Heard.Select(c => c.Verb));
    }

    [Fact]
    public async Task Both_families_are_dialled()
    {
        Assert.SkipUnless(Socket.OSSupportsIPv6, "no IPv6 here");
        await using ScriptedPeer six = new(address: IPAddress.IPv6Loopback);
        DialledHost host = DialledHost.Of("mx.test", HostDialer.Interleave([IPAddress.Loopback, IPAddress.IPv6Loopback]), six.Port);
        await using SmtpSession session = await OpenAsync(host);
        Assert.Equal($"mx.test[::1]:{six.Port}", session.Relay);
    }

    /// <summary>An address that answers no connection: its queue is full.</summary>
    private sealed class Unanswering : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _fillers = [];

        public Unanswering()
        {
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen(0);
            EndPoint = (IPEndPoint)_listener.LocalEndPoint!;
            for (int i = 0; i < 4; i++)
            {
                Socket filler = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { Blocking = false };
                try
                {
                    filler.Connect(EndPoint);
                }
                catch (SocketException e) when (e.SocketErrorCode is SocketError.WouldBlock or SocketError.InProgress)
                {
                }
                _fillers.Add(filler);
            }
        }

        public IPEndPoint EndPoint { get; }

        public void Dispose()
        {
            _fillers.ForEach(f => f.Dispose());
            _listener.Dispose();
        }
    }
}
