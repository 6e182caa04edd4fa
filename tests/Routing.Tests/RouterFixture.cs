using MailAccess.Smtp;

namespace MailAccess.Routing.Tests;

/// <summary>A directory with a few accounts at example.test, and questions to a router over it.</summary>
public abstract class RouterFixture : ILocalDirectory
{
    private protected HashSet<string> Accounts { get; } = ["alice", "bob", "carol"];

    private protected bool IsDirectoryDown { get; set; }

    private protected RoutingOptions Options { get; set; } = new() { PostmasterAccount = "root" };

    private protected static CancellationToken None => TestContext.Current.CancellationToken;

    public bool IsLocalDomain(string domain) => domain == "example.test";

    public ValueTask<LocalLookUp> FindAsync(string localPart, string domain, CancellationToken cancellationToken) => new(
        IsDirectoryDown ? new LocalLookUp(LocalOutcome.Unavailable)
        : Accounts.Contains(localPart) ? new LocalLookUp(LocalOutcome.Found, localPart)
        : new LocalLookUp(LocalOutcome.Unknown));

    private protected async Task<Resolution> ResolveAsync(string recipient, string from = "sender@far.test") =>
        await new MailRouter(Options, this).ResolveAsync(new RoutingRequest { Recipient = Path(recipient), ReversePath = Path(from), Explain = true }, None);

    private protected async Task<Target> TargetAsync(string recipient, string from = "sender@far.test") =>
        Assert.Single((await ResolveAsync(recipient, from)).Recipients).Target;

    private protected static MailPath Path(string address)
    {
        int at = address.LastIndexOf('@');
        Assert.True(MailPath.TryCreate(at < 0 ? address : address[..at].Trim('"'), at < 0 ? "" : address[(at + 1)..], out MailPath? path));
        return path;
    }
}
