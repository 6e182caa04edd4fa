using System.Diagnostics;
using MailAccess.Auth;
using MailAccess.Store;
using MailAccess.Wire;

namespace MailAccess.Pop3;

/// <summary>Failures of what we stand on, in POP3's words. Response codes: RFC 2449 §8, RFC 3206.</summary>
internal static class Pop3Errors
{
    public static readonly Pop3Reply NoSuchMessage = Pop3Reply.Error("no such message");
    public static readonly Pop3Reply TooLong = Pop3Reply.Error("line too long");

    /// <summary>What is behind it may be an injection into a command of an honest client: nobody knows where commands begin now.</summary>
    public static readonly Pop3Reply BareCrOrLf = Pop3Reply.Error("lines end in CRLF").Ending(SessionEnd.ProtocolViolation);


    public static readonly Pop3Reply UnknownCommand = Pop3Reply.Error("unknown command");
    public static readonly Pop3Reply NotLoggedIn = Pop3Reply.Error("log in first");
    public static readonly Pop3Reply LoggedIn = Pop3Reply.Error("already logged in");
    public static readonly Pop3Reply EncryptionRequired = Pop3Reply.Error("begin TLS first (STLS)");
    public static readonly Pop3Reply NeedsUtf8 = Pop3Reply.Error("[UTF8] the message has UTF-8 in its header; say UTF8 before the login"); // RFC 6856 §5
    public static readonly Pop3Reply TooEarly = Pop3Reply.Error("[LOGIN-DELAY] minimum time between logins has not passed"); // RFC 2449 §8.1.1
    public static readonly Pop3Reply NoSuchFolder = Pop3Reply.Error("[SYS/PERM] no such folder"); // Not [AUTH]: the password was right. RFC 3206 §4
    public static readonly Pop3Reply MayNotRemove = Pop3Reply.Error("[SYS/PERM] messages may not be removed from this folder");
    public static readonly Pop3Reply MalformedResponse = Pop3Reply.Error("malformed authentication response");

    public static Pop3Reply ToReply(StoreError error) => error switch
    {
        StoreError.Expunged or StoreError.NotFound => Pop3Reply.Error("message was removed in the meantime"),
        StoreError.Busy => Pop3Reply.Error("[SYS/TEMP] mailbox is locked, try again later"),
        StoreError.Unavailable => Pop3Reply.Error("[SYS/TEMP] mailbox is not available now, try again later"),
        StoreError.InvalidName or StoreError.NotPermitted or StoreError.NoPermission => Pop3Reply.Error("[SYS/PERM] this account has no mailbox here"),
        StoreError.AlreadyExists or StoreError.HasChildren or StoreError.OverQuota or StoreError.TooBig or StoreError.LimitReached =>
            Pop3Reply.Error("[SYS/TEMP] mailbox cannot be changed now"),
        _ => throw new UnreachableException($"{error}"),
    };

    /// <summary>[AUTH] only where other credentials would help: a client then asks for the password. RFC 3206 §4.</summary>
    public static Pop3Reply ToReply(AuthenticationFailure failure) => failure switch
    {
        AuthenticationFailure.InvalidCredentials => Pop3Reply.Error("[AUTH] wrong name or password"),
        AuthenticationFailure.AuthorizationDenied => Pop3Reply.Error("[AUTH] not permitted to act for that user"),
        AuthenticationFailure.ChannelBinding => Pop3Reply.Error("channel binding failed"),
        AuthenticationFailure.UnknownMechanism => Pop3Reply.Error("mechanism not offered here"),
        AuthenticationFailure.EncryptionRequired => EncryptionRequired,
        AuthenticationFailure.Malformed => MalformedResponse,
        AuthenticationFailure.Cancelled => Pop3Reply.Error("authentication cancelled"),
        AuthenticationFailure.TooManyFailures => Pop3Reply.Error("[SYS/TEMP] too many failed logins, try again later"), // RFC 3206 §4: not [AUTH].
        AuthenticationFailure.TemporarilyUnavailable => Pop3Reply.Error("[SYS/TEMP] accounts are not available now, try again later"),
        _ => throw new UnreachableException($"{failure}"),
    };
}
