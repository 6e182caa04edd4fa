using System.Net;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth;

/// <summary>
/// All log messages of this project. Nothing that came with a password or a SASL response is ever an argument here; names
/// were made printable before.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "{Id} auth ok user=<{User}> method={Method} proto={Protocol} rip={Remote} tls={Tls}{AppPassword}")]
    public static partial void LoginSucceeded(
        ILogger logger, string id, string user, string method, string protocol, IPAddress remote, string tls, string appPassword);

    // Of the shape that fail2ban's filters "dovecot" (2) and "postfix" (13) look for; a test runs them. Nothing that a client chose stands before its
    // address. In 13 the word is Postfix's own "warning", which its filter wants; of our levels it is none, since a client alone causes it.
    [LoggerMessage(2, LogLevel.Information,
        "{Protocol}-login: Aborted login (auth failed, 1 attempts): user=<{User}>, method={Method}, rip={Remote}, tls={Tls}, reason={Reason}, session={Id}")]
    public static partial void LoginFailed(
        ILogger logger, string protocol, string user, string method, IPAddress remote, string tls, AuthenticationFailure reason, string id);

    [LoggerMessage(13, LogLevel.Information,
        "{Word}: unknown[{Remote}]: SASL {Method} authentication failed: {Reason}, user=<{User}>, tls={Tls}, session={Id}")]
    public static partial void SubmissionLoginFailed(
        ILogger logger, string word, IPAddress remote, string method, AuthenticationFailure reason, string user, string tls, string id);

    // Not of that shape: nothing was checked, so nobody shall be banned for it.
    [LoggerMessage(14, LogLevel.Information, "{Id} auth not checked user=<{User}> method={Method} proto={Protocol} rip={Remote} tls={Tls} reason={Reason}")]
    public static partial void LoginNotChecked(
        ILogger logger, string id, string user, string method, string protocol, IPAddress remote, string tls, AuthenticationFailure reason);

    [LoggerMessage(15, LogLevel.Warning, "the login history of {Account} cannot be read or written: {Error}")]
    public static partial void HistoryUnavailable(ILogger logger, string account, string error);

    [LoggerMessage(3, LogLevel.Warning, "{Id} the account source cannot be asked: {Error}")]
    public static partial void DirectoryUnavailable(ILogger logger, string id, string error);

    [LoggerMessage(4, LogLevel.Warning, "{File}:{Line}: {Problem}; the line is skipped")]
    public static partial void LineSkipped(ILogger logger, string file, int line, string problem);

    [LoggerMessage(5, LogLevel.Warning, "{File}:{Line}: {Problem}; {User} has mail but cannot log in")]
    public static partial void LoginDisabled(ILogger logger, string file, int line, string user, string problem);

    [LoggerMessage(6, LogLevel.Warning, "{File} cannot be read, what was read of it before stays: {Error}")]
    public static partial void ReloadFailed(ILogger logger, string file, string error);

    [LoggerMessage(7, LogLevel.Information, "{File}: {Accounts} accounts read")]
    public static partial void Loaded(ILogger logger, string file, int accounts);

    [LoggerMessage(8, LogLevel.Warning, "{File}: {Problems} further problems are not listed")]
    public static partial void FurtherProblems(ILogger logger, string file, int problems);

    [LoggerMessage(9, LogLevel.Warning, "{File}:{Line}: {Address} belongs to {Owner} already")]
    public static partial void AddressTaken(ILogger logger, string file, int line, string address, string owner);

    [LoggerMessage(10, LogLevel.Information, "{Id} the token is refused: {Reason}")]
    public static partial void TokenRefused(ILogger logger, string id, string reason);

    [LoggerMessage(11, LogLevel.Warning, "{Address} does not tell about tokens: {Problem}; this is not said again before it does")]
    public static partial void AuthorizationServerFailed(ILogger logger, string address, string problem);

    [LoggerMessage(30, LogLevel.Information, "{Id} the app password <{AppPassword}> of user=<{User}> does not count: {Reason}")]
    public static partial void AppPasswordRefused(ILogger logger, string id, string appPassword, string user, string reason);

    [LoggerMessage(31, LogLevel.Warning, "{File} cannot be written, the last uses of app passwords are not kept: {Error}")]
    public static partial void AppPasswordUsesNotWritten(ILogger logger, string file, string error);
}
