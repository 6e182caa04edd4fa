using System.Globalization;
using System.Net;
using System.Net.Sockets;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>Where one host can be dialled, in the order to try.</summary>
/// <param name="Name">The host's name, as its certificate would have it.</param>
/// <param name="Addresses">Each with its name in logs.</param>
internal sealed record DialledHost(string Name, IReadOnlyList<(EndPoint EndPoint, string Peer)> Addresses)
{
    public static DialledHost Of(string name, IEnumerable<IPAddress> addresses, int port) =>
        new(name, [.. addresses.Select(a => ((EndPoint)new IPEndPoint(a, port), string.Create(CultureInfo.InvariantCulture, $"{name}[{a}]:{port}")))]);

    public static DialledHost Of(string name, string socket) => new(name, [(new UnixDomainSocketEndPoint(socket), $"{name}[{socket}]")]);
}

/// <summary>What makes a session of a connection; throws <see cref="SmtpFailureException"/>, and the conversation is disposed of then.</summary>
/// <param name="conversation">Connected, nothing said.</param>
/// <param name="peer">Its name in logs.</param>
/// <param name="saysHelo">The server hung up at EHLO.</param>
internal delegate Task<SmtpSession> OpenSession(SmtpConversation conversation, string peer, bool saysHelo);

/// <summary>
/// A session with one host. Its addresses race (RFC 8305 §5): each gets a head start, the first connection wins, the others are closed. Where the
/// winner then gives no session the rest is tried. Addresses known to be dead are passed over.
/// </summary>
internal sealed class HostDialer(DeadHosts deadHosts, QueueLimits limits, TimeProvider clock)
{
    /// <summary>Families by turns, IPv6 first, each in the order given. RFC 8305 §4.</summary>
    public static IEnumerable<IPAddress> Interleave(IEnumerable<IPAddress> addresses) => addresses
        .GroupBy(a => a.AddressFamily)
        .SelectMany(family => family.Select((address, place) => (Address: address, Place: place)))
        .OrderBy(a => a.Place).ThenBy(a => a.Address.AddressFamily == AddressFamily.InterNetworkV6 ? 0 : 1)
        .Select(a => a.Address);

    /// <summary>Throws <see cref="SmtpFailureException"/> where there is none.</summary>
    /// <param name="host">Whom to call.</param>
    /// <param name="open">Makes a session of a connection.</param>
    /// <param name="isTlsOptional">A handshake that fails ends it: the caller then does without. Else the next address is tried.</param>
    /// <param name="abort">Ends it whenever it comes.</param>
    public async Task<SmtpSession> OpenAsync(DialledHost host, OpenSession open, bool isTlsOptional, CancellationToken abort)
    {
        SmtpFailureException? failure = null;
        List<(EndPoint EndPoint, string Peer)> left = [];
        foreach ((EndPoint EndPoint, string Peer) address in host.Addresses)
        {
            if (deadHosts.MayDial(address.EndPoint, out SmtpReply? known))
            {
                left.Add(address);
            }
            else
            {
                failure = new SmtpFailureException(known!);
            }
        }
        try
        {
            while (left.Count > 0)
            {
                (Attempt? winner, failure) = await RaceAsync(left, failure, abort);
                if (winner is null)
                {
                    break;
                }
                try
                {
                    return await OpenAsync(winner, open, abort);
                }
                catch (SmtpFailureException e) when (!e.IsHandshake || !isTlsOptional)
                {
                    // A temporary refusal anywhere outweighs a final one elsewhere: RFC 5321 §5.1 has all addresses tried.
                    failure = failure is { Reply.IsPermanent: false } ? failure : e;
                }
            }
        }
        finally
        {
            left.ForEach(a => deadHosts.Release(a.EndPoint));
        }
        throw failure!;
    }

    private async Task<SmtpSession> OpenAsync(Attempt winner, OpenSession open, CancellationToken abort)
    {
        try
        {
            SmtpSession session = await open(await winner.Connecting, winner.Peer, saysHelo: false);
            deadHosts.Answered(winner.EndPoint);
            return session;
        }
        catch (SmtpFailureException e) when (e is { Stage: SmtpStages.Hello, IsClosed: true })
        {
            // Rather than say no it hung up: once more in the words of old. RFC 5321 §3.2.
            deadHosts.Answered(winner.EndPoint);
            SmtpConversation again = await SmtpConversation.ConnectAsync(winner.EndPoint, winner.Peer, limits.ConnectTimeout, clock, abort);
            return await open(again, winner.Peer, saysHelo: true);
        }
        catch (SmtpFailureException e)
        {
            if (e.Stage == SmtpStages.Greeting)
            {
                deadHosts.Failed(winner.EndPoint, e.Reply); // Somebody takes connections there, but nobody speaks.
            }
            else
            {
                deadHosts.Answered(winner.EndPoint);
            }
            throw;
        }
        catch (OperationCanceledException)
        {
            deadHosts.Release(winner.EndPoint);
            throw;
        }
    }

    /// <summary>The first to connect, taken from those that are left; so are those found dead. Those that lost may be tried again.</summary>
    private async Task<(Attempt? Winner, SmtpFailureException? Failure)> RaceAsync(
        List<(EndPoint EndPoint, string Peer)> left, SmtpFailureException? failure, CancellationToken abort)
    {
        using CancellationTokenSource lost = new();
        Queue<(EndPoint EndPoint, string Peer)> waiting = new(left);
        List<Attempt> running = [];
        Attempt? winner = null;
        try
        {
            while (winner is null && (running.Count > 0 || waiting.Count > 0))
            {
                if (waiting.TryDequeue(out (EndPoint EndPoint, string Peer) next))
                {
                    running.Add(Begin(next.EndPoint, next.Peer, abort, lost.Token));
                }
                Attempt? ended = await FirstAsync(running, hasMore: waiting.Count > 0);
                if (ended is null)
                {
                    continue; // The head start is over.
                }
                running.Remove(ended);
                left.RemoveAll(a => ReferenceEquals(a.EndPoint, ended.EndPoint));
                try
                {
                    await ended.Connecting;
                    winner = ended;
                }
                catch (SmtpFailureException e)
                {
                    deadHosts.Failed(ended.EndPoint, e.Reply);
                    failure = e;
                }
            }
            return (winner, failure);
        }
        finally
        {
            await lost.CancelAsync();
            foreach (Attempt loser in running)
            {
                await ((Task)loser.Connecting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (loser.Connecting.IsCompletedSuccessfully)
                {
                    await (await loser.Connecting).DisposeAsync();
                }
            }
        }
    }

    /// <summary>The attempt that ended; null: none has, and it is the next one's turn.</summary>
    private async Task<Attempt?> FirstAsync(List<Attempt> running, bool hasMore)
    {
        using CancellationTokenSource ended = new();
        List<Task> all = [.. running.Select(a => (Task)a.Connecting)];
        if (hasMore)
        {
            all.Add(Task.Delay(limits.ConnectionAttemptDelay, clock, ended.Token));
        }
        Task first = await Task.WhenAny(all);
        await ended.CancelAsync();
        return running.Find(a => a.Connecting == first);
    }

    private Attempt Begin(EndPoint address, string peer, CancellationToken abort, CancellationToken lost) =>
        new(address, peer, SmtpConversation.ConnectAsync(address, peer, limits.ConnectTimeout, clock, abort, lost));

    private sealed record Attempt(EndPoint EndPoint, string Peer, Task<SmtpConversation> Connecting);
}
