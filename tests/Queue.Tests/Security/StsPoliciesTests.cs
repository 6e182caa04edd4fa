using MailAccess.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Queue.Tests.Security;

/// <summary>Which policy holds when. RFC 8461 §3.3, §5.1.</summary>
public sealed class StsPoliciesTests : IDisposable
{
    private readonly string _parent = Directory.CreateTempSubdirectory("mailaccess-sts-").FullName;
    private readonly string _folder;
    private readonly ManualTimeProvider _clock = new();
    private readonly FakeResolver _dns = new();
    private readonly FakeFetcher _web = new();

    private static CancellationToken None => TestContext.Current.CancellationToken;

    public StsPoliciesTests() => _folder = Directory.CreateDirectory(Path.Combine(_parent, "mta-sts")).FullName;

    public void Dispose() => Directory.Delete(_parent, recursive: true);

    private StsPolicies Start(int entriesMax = 100, bool isReadOnly = false) =>
        new(new StsCache(_folder, entriesMax, isReadOnly), _web, _dns, _clock, NullLogger.Instance);

    private void Publish(string id, string mode = "enforce", int maxAge = 1_000_000, string domain = "a.test")
    {
        _dns.Text["_mta-sts." + domain] = [$"v=STSv1; id={id}"];
        _web.Policies[domain] = $"version: STSv1\nmode: {mode}\nmx: mx.{domain}\nmax_age: {maxAge}\n";
    }

    private static async Task<string> ModeAsync(StsPolicies policies, string domain = "a.test") =>
        (await policies.FindAsync(domain, None)) is { Policy: { } policy } found ? $"{policy.Mode} {found.Id}" : "none";

    [Fact]
    public async Task It_is_fetched_once_for_each_id_and_outlives_a_restart()
    {
        Publish("1");
        StsPolicies policies = Start();
        Assert.Equal("Enforce 1", await ModeAsync(policies));
        Assert.Equal("Enforce 1", await ModeAsync(policies));
        Assert.Equal("Enforce 1", await ModeAsync(Start()));
        Assert.Single(_web.Fetched);
        Publish("2", "testing");
        Assert.Equal("Testing 2", await ModeAsync(policies));
        Assert.Equal("Testing 2", await ModeAsync(Start(isReadOnly: true)));
        Assert.Equal(2, _web.Fetched.Count);
    }

    [Fact]
    public async Task It_holds_without_dns_and_without_its_host_until_it_ends()
    {
        Publish("1", maxAge: 1000);
        StsPolicies policies = Start();
        await ModeAsync(policies);
        _dns.Text.Clear();
        Assert.Equal("Enforce 1", await ModeAsync(policies));
        _dns.Fail.Add("text _mta-sts.a.test");
        Assert.Equal("Enforce 1", await ModeAsync(policies));
        _dns.Fail.Clear();
        Publish("2");
        _web.Policies.Clear();
        StsLookUp found = await policies.FindAsync("a.test", None);
        Assert.Equal((StsMode.Enforce, FetchFlaw.Unreachable), (found.Policy!.Mode, found.FetchFailure!.Value.Flaw));
        _clock.Advance(TimeSpan.FromSeconds(1000));
        Assert.Equal("none", await ModeAsync(policies));
    }

    [Fact]
    public async Task A_fetch_that_failed_is_not_tried_again_for_five_minutes_but_for_another_id()
    {
        Publish("1");
        _web.Policies["a.test"] = "<html>";
        StsPolicies policies = Start();
        Assert.Equal(FetchFlaw.Invalid, (await policies.FindAsync("a.test", None)).FetchFailure!.Value.Flaw);
        Assert.Equal(FetchFlaw.Invalid, (await policies.FindAsync("a.test", None)).FetchFailure!.Value.Flaw);
        Assert.Single(_web.Fetched);
        Publish("2");
        Assert.Equal("Enforce 2", await ModeAsync(policies));
        Publish("3");
        _web.Policies.Clear();
        await ModeAsync(policies);
        Publish("3");
        Assert.Equal("Enforce 2", await ModeAsync(policies));
        _clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal("Enforce 3", await ModeAsync(policies));
    }

    [Fact]
    public async Task One_that_may_not_be_believed_for_long_holds_for_what_comes_at_once()
    {
        Publish("1", maxAge: 0);
        StsPolicies policies = Start();
        Assert.Equal("Enforce 1", await ModeAsync(policies));
        Assert.Equal("Enforce 1", await ModeAsync(policies));
        Assert.Single(_web.Fetched);
        _clock.Advance(TimeSpan.FromMinutes(5));
        _dns.Text.Clear();
        Assert.Equal("none", await ModeAsync(policies));
    }

    [Fact]
    public async Task It_is_refreshed_daily_and_goes_when_it_has_ended()
    {
        Publish("1", maxAge: 200_000);
        Publish("1", maxAge: 90_000, domain: "b.test");
        StsPolicies policies = Start();
        await ModeAsync(policies);
        await ModeAsync(policies, "b.test");
        _web.Policies.TryRemove("b.test", out _);
        await policies.RefreshAsync(None);
        Assert.Equal(2, _web.Fetched.Count);
        _clock.Advance(TimeSpan.FromHours(24.5));
        await policies.RefreshAsync(None);
        Assert.Equal(4, _web.Fetched.Count);
        _clock.Advance(TimeSpan.FromHours(32)); // Beyond the first fetch's 200,000 seconds, not the second's.
        await policies.RefreshAsync(None);
        Assert.Equal("Enforce 1", await ModeAsync(policies));
        Assert.Equal(["a.test.json"], Directory.GetFiles(_folder).Select(Path.GetFileName));
    }

    [Fact]
    public async Task A_policy_host_that_drips_keeps_no_other_policy_from_being_refreshed()
    {
        StsPolicies policies = Start();
        foreach (string domain in (string[])["a.test", "b.test", "c.test"])
        {
            Publish("1", domain: domain);
            await ModeAsync(policies, domain);
        }
        TaskCompletionSource slow = new();
        _web.Slow["a.test"] = _web.Slow["b.test"] = slow.Task;
        _clock.Advance(TimeSpan.FromDays(1));
        Task refresh = policies.RefreshAsync(None);
        while (_web.Fetched.Count < 6)
        {
            await Task.Yield();
        }
        slow.SetResult();
        await refresh;
    }

    [Fact]
    public async Task Domains_are_bounded_and_those_go_that_end_first()
    {
        StsPolicies policies = Start(entriesMax: 2);
        for (int i = 1; i <= 3; i++)
        {
            Publish("1", maxAge: 1000 * i, domain: $"{i}.test");
            await ModeAsync(policies, $"{i}.test");
        }
        Assert.Equal(["2.test.json", "3.test.json"], Directory.GetFiles(_folder).Select(Path.GetFileName).Order());
    }

    [Fact]
    public async Task A_damaged_file_and_a_strange_name_do_no_harm()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "a.test.json"), "{\"Policy\":", None);
        Publish("1");
        Publish("1", domain: "../x");
        _web.Policies["../x"] = _web.Policies["a.test"];
        StsPolicies policies = Start();
        Assert.Equal("Enforce 1", await ModeAsync(policies));
        Assert.Equal("Enforce 1", await ModeAsync(policies, "../x"));
        Assert.Equal(["a.test.json"], Directory.GetFiles(_folder).Select(Path.GetFileName));
        Assert.Empty(Directory.GetFiles(_parent));
    }
}
