using System.Diagnostics;
using MailAccess.Auth;
using MailAccess.Imap.Responses;
using MailAccess.Store;

namespace MailAccess.Imap;

/// <summary>The one place where failures become responses. Codes: RFC 5530 §3, RFC 3501 §7.1, RFC 9051 §7.1.</summary>
internal static class ImapErrors
{
    /// <summary>A mailbox name that is grammatical and impossible.</summary>
    public static readonly ImapCompletion InvalidName = ToCompletion(StoreError.InvalidName);

    /// <summary>The mailbox was opened by EXAMINE. RFC 3501 §6.3.2.</summary>
    public static readonly ImapCompletion ReadOnly = ImapCompletion.No("READ-ONLY", "the mailbox is open for reading only");

    /// <summary>A literal that LITERAL- does not allow. RFC 7888 §5.</summary>
    public static readonly ImapCompletion NotSynchronizing = ImapCompletion.Bad("TOOBIG", "too long for a literal that waits for no answer");

    /// <summary>A number greater than the number of messages. RFC 3501 §9, seq-number.</summary>
    public static readonly ImapCompletion BadSequence = ImapCompletion.Bad("no message has that number");

    /// <summary>Sequence numbers from a client that has enabled UIDONLY. RFC 9586 §3.</summary>
    public static readonly ImapCompletion UidRequired = ImapCompletion.Bad("UIDREQUIRED", "messages have no numbers but their UIDs: UIDONLY is enabled");

    /// <summary>The charset of a search. RFC 3501 §6.4.4.</summary>
    public static readonly ImapCompletion BadCharset = ImapCompletion.No("BADCHARSET (US-ASCII UTF-8)", "charset not known");

    /// <summary>Grammar: what would have had to stand, and where.</summary>
    public static ImapCompletion Syntax(Grammar.ImapArguments arguments) =>
        ImapCompletion.Bad($"expected {arguments.Expected} behind octet {arguments.ExpectedAt}");

    /// <summary>A command that this state does not have. RFC 3501 §3.</summary>
    public static ImapCompletion WrongState(ImapStates state, ImapCommand command) => state switch
    {
        ImapStates.NotAuthenticated => ImapCompletion.Bad("log in first"),
        ImapStates.Authenticated when (command.States & ImapStates.Selected) != 0 => ImapCompletion.Bad("select a mailbox first"),
        _ => ImapCompletion.Bad("already logged in"),
    };

    /// <summary>Total.</summary>
    public static ImapCompletion ToCompletion(StoreError error) => error switch
    {
        StoreError.NotFound => ImapCompletion.No("NONEXISTENT", "no such mailbox"),
        StoreError.AlreadyExists => ImapCompletion.No("ALREADYEXISTS", "the mailbox exists already"),
        StoreError.InvalidName => ImapCompletion.No("CANNOT", "no mailbox can have this name"),
        StoreError.NotPermitted => ImapCompletion.No("CANNOT", "not possible with this mailbox"),
        StoreError.HasChildren => ImapCompletion.No("HASCHILDREN", "the mailbox has others below it"),
        StoreError.Expunged => ImapCompletion.No("EXPUNGEISSUED", "some of the messages no longer exist"),
        StoreError.OverQuota => ImapCompletion.No("OVERQUOTA", "the quota is exhausted"),
        StoreError.TooBig => ImapCompletion.No("TOOBIG", "the message is too big"), // RFC 7889 §4, RFC 4469 §4.2.
        StoreError.LimitReached => ImapCompletion.No("LIMIT", "the mailbox cannot take more of this"),
        StoreError.Busy => ImapCompletion.No("INUSE", "the mailbox is locked; try again later"),
        StoreError.Unavailable => ImapCompletion.No("UNAVAILABLE", "the mailbox cannot be used now; try again later"),
        StoreError.NoPermission => ImapCompletion.No("NOPERM", "you have no right to do this"), // RFC 5530 §3.
        StoreError.None => throw new UnreachableException("success is not an error"),
        _ => throw new UnreachableException($"store error {error} has no response"),
    };

    /// <summary>Where messages go: the client is told that it may create the mailbox. RFC 3501 §6.3.11, §6.4.7.</summary>
    public static ImapCompletion ToDestinationCompletion(StoreError error) =>
        error == StoreError.NotFound ? ImapCompletion.No("TRYCREATE", "the destination does not exist") : ToCompletion(error);

    /// <summary>Total. Never says which of name and password was wrong (RFC 3501 §11.2).</summary>
    public static ImapCompletion ToCompletion(AuthenticationFailure failure) => failure switch
    {
        AuthenticationFailure.InvalidCredentials =>
            ImapCompletion.No("AUTHENTICATIONFAILED", "wrong name or password") with { IsFailedLogin = true },
        AuthenticationFailure.ChannelBinding =>
            ImapCompletion.No("AUTHENTICATIONFAILED", "channel binding failed") with { IsFailedLogin = true },
        AuthenticationFailure.UnknownMechanism => ImapCompletion.No("CANNOT", "mechanism not offered here"),
        AuthenticationFailure.EncryptionRequired => ImapCompletion.No("PRIVACYREQUIRED", "not without TLS"),
        AuthenticationFailure.Malformed => ImapCompletion.Bad("not a message of this mechanism") with { IsFailedLogin = true },
        AuthenticationFailure.Cancelled => ImapCompletion.Bad("cancelled"), // RFC 3501 §6.2.2.
        AuthenticationFailure.AuthorizationDenied =>
            ImapCompletion.No("AUTHORIZATIONFAILED", "not allowed to act for that name") with { IsFailedLogin = true },
        AuthenticationFailure.TemporarilyUnavailable => ImapCompletion.No("UNAVAILABLE", "logins cannot be checked now; try again later"),
        // RFC 5530 §3: not AUTHENTICATIONFAILED, for which clients ask their user for another password.
        AuthenticationFailure.TooManyFailures => ImapCompletion.No("UNAVAILABLE", "too many failed logins; try again later"),
        AuthenticationFailure.None => throw new UnreachableException("success is not a failure"),
        _ => throw new UnreachableException($"failure {failure} has no response"),
    };
}
