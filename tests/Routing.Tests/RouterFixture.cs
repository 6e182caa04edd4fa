using MailAccess.Smtp;

namespace MailAccess.Routing.Tests;

/// <summary>A directory with a few accounts at example.test, and questions to a router over it.</summary>
public abstract class RouterFixture : ILocalDirectory
{
    private protected HashSet<string> Accounts { get; } = ["alice", "bob", "carol"];

    private protected Dictionary<string, string> Homes { get; } = [];

    private protected bool IsDirectoryDown { get; set; }

    private protected RoutingOptions Options { get; set; } = new() { PostmasterAccount = "root" };

    private protected static CancellationToken None => TestContext.Current.CancellationToken;

    public bool IsLocalDomain(string domain) => domain == "example.test";

    public ValueTask<LocalLookUp> FindAsync(string localPart, string domain, CancellationToken cancellationToken) => new(
        IsDirectoryDown ? new LocalLookUp(LocalOutcome.Unavailable) { Problem = "no connection" }
        : domain == "example.test" && Accounts.Contains(localPart) ? new LocalLookUp(LocalOutcome.Found, localPart) { Home = Homes.GetValueOrDefault(localPart) }
        : new LocalLookUp(LocalOutcome.Unknown));

    private protected async Task<Resolution> ResolveAsync(string recipient, string from = "sender@far.test", bool isOwnMail = true) =>
        await new MailRouter(Options, this).ResolveAsync(new RoutingRequest { Recipient = Path(recipient), ReversePath = Path(from), IsOwnMail = isOwnMail, Explain = true }, None);

    private protected async Task<Target> TargetAsync(string recipient, string from = "sender@far.test") =>
        Assert.Single((await ResolveAsync(recipient, from)).Recipients).Target;

    /// <summary>Where it all goes, as <c>address=target</c>, in order.</summary>
    private protected async Task<string> WhereAsync(string recipient, string from = "sender@far.test") =>
        string.Join(" ", (await ResolveAsync(recipient, from)).Recipients.Select(r => $"{r.Path}={Show(r.Target)}"));

    private protected async Task<bool> AcceptsAsync(string recipient)
    {
        Resolution resolution = await ResolveAsync(recipient);
        return resolution.IsOurs || resolution.IsUndecided;
    }

    private static string Show(Target target) => target switch
    {
        Target.Mailbox mailbox => mailbox.AccountName,
        Target.Relay relay => relay.Hop.ToString(),
        Target.File file => $"file:{file.Path}({file.User})",
        Target.Command command => $"|{command.Line}({command.User})",
        Target.Agent agent => $"agent:{agent.Name}:{agent.NextHop}",
        Target.Discard => "discard",
        Target.Failure failure => $"{failure.Reply.Code}/{failure.Reply.Enhanced}",
        _ => throw new ArgumentOutOfRangeException(nameof(target)),
    };

    private protected static MailPath Path(string address)
    {
        int at = address.LastIndexOf('@');
        Assert.True(MailPath.TryCreate(at < 0 ? address : address[..at].Trim('"'), at < 0 ? "" : address[(at + 1)..], out MailPath? path));
        return path;
    }
}
