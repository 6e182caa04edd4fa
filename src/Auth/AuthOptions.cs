using MailAccess.Auth.Throttling;

namespace MailAccess.Auth;

/// <summary>Where a password may cross the network in clear, that is without TLS.</summary>
public enum PlaintextPolicy
{
    /// <summary>Nowhere.</summary>
    Never,
    /// <summary>From clients on this machine, whose octets leave no wire.</summary>
    Loopback,
    /// <summary>Everywhere: only for networks that are protected otherwise.</summary>
    Always,
}

/// <summary>Which name in a client's certificate is an account's.</summary>
public enum CertificateName
{
    /// <summary>A mail address in the subject alternative name (rfc822Name, RFC 5280 §4.2.1.6): the account that owns the address.</summary>
    Address,
    /// <summary>The one common name of the subject: a login name.</summary>
    CommonName,
}

/// <summary>What an administrator decides about logging in.</summary>
public sealed record AuthOptions
{
    /// <summary>Whether LOGIN, USER/PASS, SASL PLAIN and LOGIN are taken without TLS.</summary>
    public PlaintextPolicy AllowPlaintextWithoutTls { get; init; } = PlaintextPolicy.Never;

    /// <summary>
    /// Mechanisms to offer, of <see cref="SaslMechanisms.All"/>. Null: PLAIN and LOGIN, and a SCRAM mechanism where every account's
    /// stored credential can serve it; else a client would choose SCRAM, fail, and not try the password it has. Those with channel binding are
    /// offered only if they are named, and where the connection's is known: programs with GNU SASL, which wants a binding of another kind, would
    /// choose them and fail.
    /// </summary>
    public IReadOnlyList<string>? Mechanisms { get; init; }

    /// <summary>
    /// How long a password that was right is known without hashing it again; zero: never. The stored credential is looked at each time.
    /// </summary>
    public TimeSpan CacheTime { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Iterations shown to clients for accounts without a SCRAM verifier of their own, and for names that nobody has. Where an account
    /// source has verifiers of another count, set it to that count, or the count tells which names exist.
    /// </summary>
    public int ScramIterations { get; init; } = PasswordHasher.DefaultIterations;

    /// <summary>How a client's certificate names its account, for EXTERNAL; without certificates it does nothing.</summary>
    public CertificateName ClientCertificateName { get; init; } = CertificateName.Address;

    /// <summary>How guessing is slowed, and for whom not.</summary>
    public ThrottleOptions Throttle { get; init; } = new();

    /// <summary>Sizes, counts and durations.</summary>
    public AuthLimits Limits { get; init; } = new();
}

/// <summary>Every size, count and duration of logging in.</summary>
public sealed record AuthLimits
{
    /// <summary>Octets of a login name; RFC 2595 §6 and the practice since: 255.</summary>
    public int LoginNameOctetsMax { get; init; } = 255;

    /// <summary>Octets of a password; bounds the work of hashing what a client sends.</summary>
    public int PasswordOctetsMax { get; init; } = 1024;

    /// <summary>Octets of a SCRAM message: two names, two nonces and some extensions.</summary>
    public int ScramMessageOctetsMax { get; init; } = 4096;

    /// <summary>Password checks that hash at the same time; more wait in line. 0: one for each processor.</summary>
    public int ConcurrentHashes { get; init; }

    /// <summary>Entries of the cache of right passwords, and of the cache of SCRAM keys made from plain passwords.</summary>
    public int CacheEntriesMax { get; init; } = 10_000;

    /// <summary>
    /// No failure is answered sooner after its request than this: an unknown name, a cheap hash and a dear one look the same.
    /// </summary>
    public TimeSpan FailureFloor { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>The longest delay. Clients give up a command after 60 s or so; a correct password must still get through.</summary>
    public TimeSpan LongestPenalty { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>An IPv4 address or IPv6 /64: some 300 different passwords a day.</summary>
    public LaneLimits AddressLane { get; init; } = new()
    {
        FreeFailures = 3,
        FirstPenalty = TimeSpan.FromSeconds(2),
        RefuseAt = 20,
        FailuresMax = 20,
        Decay = TimeSpan.FromMinutes(5),
        WaitersMax = 256,
    };

    /// <summary>An IPv4 /24 or IPv6 /48, in which there may be many people: some 1500 different passwords a day.</summary>
    public LaneLimits NetworkLane { get; init; } = new()
    {
        FreeFailures = 30,
        FirstPenalty = TimeSpan.FromSeconds(1),
        RefuseAt = 100,
        FailuresMax = 100,
        Decay = TimeSpan.FromMinutes(1),
        WaitersMax = 512,
    };

    /// <summary>
    /// An account, from all places that it has not logged in from: some 300 different passwords a day from addresses that have failed before,
    /// and from all others one in <see cref="LongestPenalty"/>.
    /// </summary>
    public LaneLimits AccountLane { get; init; } = new()
    {
        FreeFailures = 10,
        FirstPenalty = TimeSpan.FromSeconds(1),
        RefuseAt = 10,
        FailuresMax = 20,
        Decay = TimeSpan.FromMinutes(5),
        WaitersMax = 16,
    };

    /// <summary>An account at a place that it has logged in from: slower and slower, never refused.</summary>
    public LaneLimits KnownPlaceLane { get; init; } = new()
    {
        FreeFailures = 3,
        FirstPenalty = TimeSpan.FromSeconds(1),
        FailuresMax = 12,
        Decay = TimeSpan.FromMinutes(1),
        WaitersMax = 32,
    };

    /// <summary>Failures with which an address still counts as clean where an account is guessed at: its owner, at a new place, may mistype.</summary>
    public int CleanFailuresMax { get; init; } = 3;

    /// <summary>How long after its last failure an address is remembered as one that has failed.</summary>
    public TimeSpan ThrottleKeepTime { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Addresses, and likewise networks, accounts and names of nobody, that are remembered; the longest quiet one goes first.</summary>
    public int ThrottleEntriesMax { get; init; } = 32_768;

    /// <summary>How often, at most, an account file is looked at for changes.</summary>
    public TimeSpan ReloadInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long an editor of an account file waits for another editor.</summary>
    public TimeSpan EditorLockTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>No delays at all; for tests of what stands above.</summary>
    public static AuthLimits WithoutDelays { get; } = new()
    {
        FailureFloor = TimeSpan.Zero,
        LongestPenalty = TimeSpan.Zero,
    };
}
