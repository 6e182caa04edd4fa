using System.Collections.Concurrent;
using MailAccess.Routing;
using MailAccess.Smtp;

namespace MailAccess.Queue.Tests;

/// <summary>A router that says what a test wrote down for an address, and the real one for all others.</summary>
internal sealed class ScriptedRouter(IMailRouter otherwise) : IMailRouter
{
    private readonly ConcurrentDictionary<string, RoutedRecipient[]> _answers = [];

    /// <summary>Addresses that were asked for, in order.</summary>
    public ConcurrentQueue<string> Asked { get; } = [];

    /// <summary>What becomes of an address.</summary>
    public RoutedRecipient[] this[string address]
    {
        set => _answers[address] = value;
    }

    /// <summary>Whether the domains of those addresses are ours.</summary>
    public bool IsOurs { get; set; } = true;

    /// <summary>A fault of its own the next time that it is asked.</summary>
    public Exception? FaultsNext { get; set; }

    public static RoutedRecipient Mailbox(string address, string? owner = null) => To(address, new Target.Mailbox(address[..address.IndexOf('@', StringComparison.Ordinal)]), owner);

    public static RoutedRecipient Relay(string address, int port, string? owner = null) => To(address, new Target.Relay(new NextHop { Host = "127.0.0.1", Port = port }), owner);

    public static RoutedRecipient To(string address, Target target, string? owner = null) => new()
    {
        Path = Samples.Path(address),
        Target = target,
        ReversePath = owner is null ? null : Samples.Path(owner),
    };

    public ValueTask<Resolution> ResolveAsync(RoutingRequest request, CancellationToken cancellationToken)
    {
        string address = request.Recipient.ToString();
        Asked.Enqueue(address);
        if (FaultsNext is { } fault)
        {
            FaultsNext = null;
            throw fault;
        }
        return _answers.TryGetValue(address, out RoutedRecipient[]? answer) ? new(new Resolution(answer, []) { IsOurs = IsOurs }) : otherwise.ResolveAsync(request, cancellationToken);
    }
}
