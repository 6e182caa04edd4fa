using System.Net;
using MailAccess.Auth.Throttling;

namespace MailAccess.Server.Configuration;

/// <summary>The keys of what becomes of wrong passwords, and of what is remembered of logins.</summary>
internal static class LoginSettings
{
    public static readonly Setting<bool> ThrottleEnabled = new("enabled", ScalarTypes.Switch, true, "true",
        "Whether failed logins slow down further ones.");

    public static readonly ListSetting<IPNetwork> TrustedNetworks = new("trustedNetworks", ScalarTypes.Network, [], "[]",
        "Hosts and networks whose failures never count, because they log in for many people and slow down guessers themselves: a webmail, a proxy that does not send the PROXY protocol.");

    public static readonly Setting<TimeSpan> KnownPlaceTime = new("knownPlaceTime", ScalarTypes.Duration, TimeSpan.FromDays(30), "\"30d\"",
        "How long a network (IPv4 /24, IPv6 /48) stays known from which an account has logged in. At a known place nobody is refused, whatever others do elsewhere. Beyond a restart it is known as long as loginHistory reaches.");

    public static readonly SectionSetting Throttle = new("throttle", "The slowing down of who guesses passwords. docs/logins.md says how.",
        [ThrottleEnabled, TrustedNetworks, KnownPlaceTime]);

    public static readonly Setting<TimeSpan> History = new("loginHistory", ScalarTypes.Duration, TimeSpan.FromDays(90), "\"90d\"",
        "How long is remembered, for each account in a file in the folder \"logins\" of the data folder, who logged in from where and who failed to (mailaccess user history). \"0s\": nothing is written.");

    /// <summary>Throttling as configured.</summary>
    public static ThrottleOptions Read(ConfigurationView accounts)
    {
        ConfigurationView throttle = accounts.Section(Throttle);
        return new ThrottleOptions
        {
            Enabled = throttle.Get(ThrottleEnabled),
            TrustedNetworks = throttle.Get(TrustedNetworks),
            KnownPlaceTime = throttle.Get(KnownPlaceTime),
        };
    }
}
