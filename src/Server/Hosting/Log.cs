using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>What the server as a whole has to say.</summary>
internal static partial class Log
{
    [LoggerMessage(2, LogLevel.Information, "certificates read again; the first expires at {NotAfter:u}")]
    public static partial void CertificatesReloaded(this ILogger log, DateTimeOffset notAfter);

    [LoggerMessage(3, LogLevel.Error, "certificate: {Problem}; the old one stays in use")]
    public static partial void CertificateProblem(this ILogger log, string problem);

    [LoggerMessage(4, LogLevel.Error, "configuration: {Problem}; the running configuration goes on")]
    public static partial void ConfigurationProblem(this ILogger log, string problem);

    [LoggerMessage(5, LogLevel.Information, "configuration checked: good; what changed in it takes effect at the next start")]
    public static partial void ConfigurationGood(this ILogger log);

    [LoggerMessage(6, LogLevel.Information, "ending: {Signal}")]
    public static partial void Ending(this ILogger log, string signal);

    [LoggerMessage(7, LogLevel.Information, "ended")]
    public static partial void Ended(this ILogger log);

    [LoggerMessage(8, LogLevel.Warning, "{Note}")]
    public static partial void FewDescriptors(this ILogger log, string note);

    [LoggerMessage(9, LogLevel.Warning, "a source of accounts cannot be asked, so the accounts that the configuration names were not looked at: {Error}")]
    public static partial void AccountsUnavailable(this ILogger log, string error);

    [LoggerMessage(20, LogLevel.Warning, "the quota rule {Rule} of {Account} cannot be read and is left out")]
    public static partial void QuotaRuleUnknown(this ILogger log, string account, string rule);

    [LoggerMessage(22, LogLevel.Error, "messages were not looked through for what has expired; it is tried again the next time")]
    public static partial void ExpiryFailed(this ILogger log, Exception problem);

    [LoggerMessage(21, LogLevel.Information, "the quota warning for {Account} was not delivered: {Error}")]
    public static partial void QuotaWarningNotSent(this ILogger log, string account, MailAccess.Store.StoreError error);

    [LoggerMessage(30, LogLevel.Error, "a command at the control socket failed")]
    public static partial void ControlFault(this ILogger log, Exception bug);

    [LoggerMessage(31, LogLevel.Warning, "the control socket cannot be made, so the commands of mailaccess queue do not reach this server: {Problem}")]
    public static partial void ControlUnavailable(this ILogger log, string problem);

    [LoggerMessage(40, LogLevel.Error, "the TLS policy for {NextHop} cannot be told, and mail for it waits: {Reason}")]
    public static partial void TlsPolicyUnknown(this ILogger log, Routing.NextHop nextHop, string reason);
}
