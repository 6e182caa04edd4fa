using MailAccess.Auth;
using MailAccess.Imap.Responses;
using MailAccess.Store;
using MailAccess.Testing;

namespace MailAccess.Imap.Tests;

/// <summary>Mappings are total, and no default is below what an RFC demands.</summary>
public sealed class ErrorsAndLimitsTests
{
    public static TheoryData<StoreError> StoreErrors => [.. Enum.GetValues<StoreError>().Where(e => e != StoreError.None)];

    public static TheoryData<AuthenticationFailure> Failures =>
        [.. Enum.GetValues<AuthenticationFailure>().Where(e => e != AuthenticationFailure.None)];

    [Theory]
    [MemberData(nameof(StoreErrors))]
    public void Every_store_error_is_a_no_with_a_code(StoreError error)
    {
        Assert.Equal(ImapStatus.No, ImapErrors.ToCompletion(error).Status);
        Assert.Equal(ImapStatus.No, ImapErrors.ToDestinationCompletion(error).Status);
        Assert.NotNull(ImapErrors.ToCompletion(error).Code);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public void Every_login_failure_has_a_response(AuthenticationFailure failure) =>
        Assert.NotEqual(ImapStatus.Ok, ImapErrors.ToCompletion(failure).Status);

    [Fact]
    public void Defaults_keep_to_the_rfcs()
    {
        ImapLimits limits = new();
        Assert.True(limits.IdleTimeout >= TimeSpan.FromMinutes(30)); // RFC 3501 §5.4.
        Assert.True(limits.LineOctetsMax >= 8192); // RFC 7162 §4.
        Assert.True(limits.IdFieldsMax >= 30); // RFC 2971 §3.3.
        Assert.True(limits.LineOctetsMax >= SaslLimits.EncodedOctetsMax);
        Assert.True(limits.CommandOctetsBeforeLoginMax > limits.LineOctetsMax);
    }

    [Fact]
    public void Every_announced_extension_is_switched_off_in_a_transcript()
    {
        // Each can be switched off, and then is neither announced nor served: a conversation shows it.
        string[] disabled = [.. Transcript.NamesBelow("").SelectMany(n => Transcript.Load(n).Lines)
            .Where(l => l.Text.StartsWith("disable ", StringComparison.Ordinal)).SelectMany(l => l.Text.Split(' '))];
        Assert.Empty(ImapCapabilities.Extensions.Except(disabled));
    }

    [Fact]
    public void Verbs_are_unique() => Assert.Equal(ImapCommands.All.Count, ImapCommands.All.Select(c => c.Verb).Distinct().Count());
}
