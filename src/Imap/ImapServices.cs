using MailAccess.Auth;
using MailAccess.Imap.Commands;
using MailAccess.Imap.Grammar;
using MailAccess.Imap.Mailboxes;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Sorting;
using MailAccess.Imap.Urls;
using MailAccess.Store;
using MailAccess.Store.Access;
using Microsoft.Extensions.Logging;

namespace MailAccess.Imap;

/// <summary>What all sessions share.</summary>
internal sealed record ImapServices(IAuthenticator Authenticator, IMailStore Store, ImapOptions Options, TimeProvider Clock, ILogger Log)
{
    /// <summary>Bounds.</summary>
    public ImapLimits Limits => Options.Limits;

    /// <summary>What SORT and THREAD compare, kept from one to the next.</summary>
    public KeyCache Keys { get; } = new(Options.Limits.KeysOctetsMax);

    /// <summary>Messages that one command works on. RFC 9738.</summary>
    public int MessagesMax => IsDisabled(MessageLimit.Capability) ? int.MaxValue : Limits.MessagesPerCommandMax;

    /// <summary>Messages that one COPY or APPEND takes.</summary>
    public int SavesMax => IsDisabled(MessageLimit.SaveCapability) ? MessagesMax : Limits.SavesPerCommandMax;

    /// <summary>Mailboxes that sessions watch by NOTIFY.</summary>
    public NotifyBudget Watches { get; } = new(Options.Limits.WatchedMailboxesInAllMax);

    /// <summary>Names that sessions follow by NOTIFY.</summary>
    public NotifyBudget NotifyNames { get; } = new(Options.Limits.NotifyNamesInAllMax);

    /// <summary>Checks authorized URLs; null: nobody has said what this server is called, or there is nowhere to keep keys. RFC 4467.</summary>
    public UrlFetcher? Urls { get; init; }

    /// <summary>Tells of new access keys.</summary>
    public KeyResets KeyResets { get; } = new();

    /// <summary>Annotations can be kept, and the extension is on. RFC 5464.</summary>
    public bool HasAnnotations => Store is AccessMailStore && !IsDisabled("METADATA");

    /// <summary>RFC 8440, where mailboxes can be shared.</summary>
    public bool ListsMyRights => Store is AccessMailStore { Sharing: not null } && !IsDisabled("LIST-MYRIGHTS");

    /// <summary>RFC 9590, where there are annotations.</summary>
    public bool ListsMetadata => Store is AccessMailStore && !IsDisabled("LIST-METADATA");

    /// <summary>A client is shown, and may append, messages with UTF-8 in their headers as they are. RFC 6855, RFC 9051 §4.3.1.</summary>
    public bool TakesInternationalized(ImapExtensions enabled) =>
        (enabled & (ImapExtensions.Utf8Messages | ImapExtensions.Revision2)) != 0 || !Options.DowngradesHeaders || IsDisabled("UTF8=ACCEPT");

    /// <summary>A cursor over a command, or a piece of one, in the grammar that holds for a client.</summary>
    public ImapArguments ArgumentsOf(ReadOnlyMemory<byte> command, ImapExtensions enabled) => new(command, Limits)
    {
        KnowsSavedResult = !IsDisabled("SEARCHRES"),
        Names = (enabled & ImapExtensions.Utf8Strings) != 0 ? NameSpelling.Utf8
            : IsDisabled("UTF8=ACCEPT") ? NameSpelling.ModifiedUtf7 : NameSpelling.Either,
    };

    /// <summary>The same for one account that has these switched off too.</summary>
    public ImapServices Without(IReadOnlyList<string> capabilities) =>
        capabilities.Count == 0 ? this : this with { Options = Options with { DisabledCapabilities = [.. Options.DisabledCapabilities, .. capabilities] } };

    /// <summary>Neither announced nor served: it is switched off itself, or something is that it needs, or nobody has set what it tells.</summary>
    public bool IsDisabled(string? capability) =>
        capability is not null && (Options.DisabledCapabilities.Contains(capability, StringComparer.OrdinalIgnoreCase)
            || ImapCapabilities.NeedsOf(capability).Any(IsDisabled) || IsUnset(capability));

    /// <summary>RFC 9738 §3: one of its two is told, that for all commands where there is one.</summary>
    private bool IsUnset(string capability) => capability switch
    {
        MessageLimit.Capability => Limits.MessagesPerCommandMax == 0,
        UrlCommands.Capability => Urls is null,
        MessageLimit.SaveCapability => Limits.SavesPerCommandMax == 0 || !IsDisabled(MessageLimit.Capability),
        _ => false,
    };
}
