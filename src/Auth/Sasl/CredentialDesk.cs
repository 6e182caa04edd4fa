using System.Net;
using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth.Passwords;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Sasl;

/// <summary>
/// Where all mechanisms bring what they were told: looks the account up, checks, delays, remembers, logs.
/// </summary>
/// <remarks>
/// Invariants. An unknown name costs as much work as a known one, and no failure is answered before
/// <see cref="AuthLimits.FailureFloor"/>. A right password is never refused. A password is in memory only while it is checked;
/// the caches know it by a hash under the process's secret, together with the stored credential: a changed credential is
/// another entry. Only right passwords are remembered as right.
/// </remarks>
internal sealed class CredentialDesk(IAccountDirectory directory, AuthOptions options, TimeProvider clock, ILogger logger) : IDisposable
{
    private readonly ProcessSecret _secret = new();
    private readonly LoginThrottle _throttle = new(options.Limits, clock);
    private readonly ExpiringCache<bool> _rightPasswords = new(clock, options.CacheTime, options.Limits.CacheEntriesMax);
    private readonly ExpiringCache<ScramVerifier> _derived = new(clock, TimeSpan.MaxValue, options.Limits.CacheEntriesMax);

    /// <summary>
    /// What an unknown name's password is checked against: the last known one's credential, so that the work is the usual one.
    /// </summary>
    private volatile StoredCredential _decoy = new(
        SaslMechanisms.ScramSha256,
        new ScramVerifier(
            HashAlgorithmName.SHA256, options.ScramIterations, new byte[ScramVerifier.SaltOctets], new byte[32], new byte[32]).Format());

    public HashWork Hashes { get; } = new(options.Limits.ConcurrentHashes);

    public AuthLimits Limits => options.Limits;

    public IAccountDirectory Directory => directory;

    public long Now => clock.GetTimestamp();

    /// <summary>LOGIN, USER/PASS, SASL PLAIN and LOGIN.</summary>
    public async ValueTask<SaslStep> CheckPasswordAsync(
        LoginAttempt attempt, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        long started = clock.GetTimestamp();
        UInt128 fingerprint = _secret.Fingerprint("attempt", Octets(attempt.LoginName), password);
        if (await FindAsync(attempt, cancellationToken) is not { } lookup)
        {
            return SaslStep.Fail(AuthenticationFailure.TemporarilyUnavailable);
        }
        StoredAccount? found = password.Length <= options.Limits.PasswordOctetsMax ? lookup.Account : null;
        UInt128 cacheKey = found is null ? default : _secret.Fingerprint(
            "password", Octets(found.Account.Name), Octets(found.Credential.Scheme), Octets(found.Credential.Data), password);
        if (found is null || !_rightPasswords.TryGet(cacheKey, out _))
        {
            started += await DelayBeforeCheckAsync(attempt, cancellationToken);
            if (await IsRightAsync(attempt, found, password, cancellationToken) is not { } isRight)
            {
                return SaslStep.Fail(AuthenticationFailure.TemporarilyUnavailable);
            }
            if (!isRight || found is null)
            {
                return await FailAsync(attempt, fingerprint, started, cancellationToken);
            }
            _rightPasswords.Set(cacheKey, true);
        }
        return await AuthorizeAsync(attempt, found.Account, cancellationToken);
    }

    /// <summary>The account of a name, if any; null where the directory cannot be asked.</summary>
    public ValueTask<Lookup?> FindAsync(LoginAttempt attempt, CancellationToken cancellationToken) =>
        AskDirectoryAsync(attempt, name => directory.FindByLoginAsync(name, cancellationToken));

    /// <summary>The account that owns the address which is the attempt's name, if any; null where the directory cannot be asked.</summary>
    public ValueTask<Lookup?> FindByAddressAsync(LoginAttempt attempt, CancellationToken cancellationToken) => AskDirectoryAsync(attempt, async address =>
    {
        int at = address.LastIndexOf('@');
        Account? owner = at > 0 ? await directory.FindByAddressAsync(address[..at], address[(at + 1)..], cancellationToken) : null;
        return owner is null ? null : await directory.FindByLoginAsync(owner.Name, cancellationToken);
    });

    /// <summary>Salt and count that a client is told before it proves anything: the stored ones, or a decoy that stays the same.</summary>
    public (byte[] Salt, int Iterations) ScramParameters(HashAlgorithmName hash, string loginName, StoredCredential? credential)
    {
        if (credential is not null && PasswordScheme.TryGetVerifier(credential, out ScramVerifier? verifier) && verifier!.Hash == hash)
        {
            return (verifier.Salt, verifier.Iterations);
        }
        string name = directory is IDirectoryFacts facts ? facts.CanonicalLogin(loginName) : loginName.ToLowerInvariant();
        return (_secret.Derive($"scram salt {hash}", name, ScramVerifier.SaltOctets), options.ScramIterations);
    }

    /// <summary>
    /// A verifier with those parameters: the stored one, or made of a plain password and kept; null where this account's
    /// credential cannot serve SCRAM, or nobody has the name.
    /// </summary>
    public async ValueTask<ScramVerifier?> FindVerifierAsync(
        HashAlgorithmName hash, byte[] salt, int iterations, StoredAccount? account, CancellationToken cancellationToken)
    {
        if (account is null)
        {
            return null;
        }
        if (PasswordScheme.TryGetVerifier(account.Credential, out ScramVerifier? stored))
        {
            return stored!.Hash == hash ? stored : null;
        }
        if (!PasswordScheme.TryGetPlain(account.Credential, out byte[] password)
            || !PasswordPreparation.TryPrepare(password, out byte[] prepared))
        {
            return null;
        }
        UInt128 key = _secret.Fingerprint("derived", Octets(hash.Name!), salt, password);
        if (!_derived.TryGet(key, out ScramVerifier? derived))
        {
            derived = await Hashes.RunAsync(() => ScramVerifier.Derive(hash, prepared, salt, iterations), cancellationToken);
            _derived.Set(key, derived);
        }
        return derived;
    }

    /// <summary>A name for what was tried, so that the same thing tried again does not count twice.</summary>
    public UInt128 Fingerprint(ReadOnlyMemory<byte> tried) => _secret.Fingerprint("tried", tried);

    /// <summary>Waits as the address's past failures demand; returns the ticks waited, so that they do not count as work.</summary>
    public async ValueTask<long> DelayBeforeCheckAsync(LoginAttempt attempt, CancellationToken cancellationToken)
    {
        TimeSpan delay = _throttle.DelayBeforeCheck(attempt.Context.Remote);
        if (delay <= TimeSpan.Zero)
        {
            return 0;
        }
        long before = clock.GetTimestamp();
        await Task.Delay(delay, clock, cancellationToken);
        return clock.GetTimestamp() - before;
    }

    /// <summary>Counts and logs a failed proof, and answers in due time.</summary>
    public async ValueTask<SaslStep> FailAsync(
        LoginAttempt attempt, UInt128? fingerprint, long started, CancellationToken cancellationToken)
    {
        LogFailure(attempt, AuthenticationFailure.InvalidCredentials);
        UInt128 tried = fingerprint ?? _secret.Fingerprint("proof", RandomNumberGenerator.GetBytes(16));
        TimeSpan due = _throttle.AddFailure(attempt.Context.Remote, tried);
        TimeSpan left = due - clock.GetElapsedTime(started);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, clock, cancellationToken);
        }
        return SaslStep.Fail(AuthenticationFailure.InvalidCredentials);
    }

    /// <summary>Whether who has proven himself may act as he asked: only as himself.</summary>
    public async ValueTask<SaslStep> AuthorizeAsync(LoginAttempt attempt, Account account, CancellationToken cancellationToken)
    {
        if (attempt.AuthorizationName.Length > 0)
        {
            if (await FindAsync(attempt with { LoginName = attempt.AuthorizationName }, cancellationToken) is not { } other)
            {
                return SaslStep.Fail(AuthenticationFailure.TemporarilyUnavailable);
            }
            if (other.Account?.Account.Name != account.Name)
            {
                LogFailure(attempt, AuthenticationFailure.AuthorizationDenied);
                return SaslStep.Fail(AuthenticationFailure.AuthorizationDenied);
            }
        }
        return SaslStep.Success(account);
    }

    public void LogSuccess(LoginAttempt attempt) => Log.LoginSucceeded(
        logger, attempt.Context.ConnectionId, attempt.ShownName, attempt.Mechanism, attempt.Context.Protocol,
        Shown(attempt.Context.Remote), Tls(attempt));

    public void LogFailure(LoginAttempt attempt, AuthenticationFailure reason) => Log.LoginFailed(
        logger, attempt.Context.ConnectionId, attempt.ShownName, attempt.Mechanism, attempt.Context.Protocol,
        Shown(attempt.Context.Remote), Tls(attempt), reason);

    public void Dispose() => Hashes.Dispose();

    private async ValueTask<Lookup?> AskDirectoryAsync(LoginAttempt attempt, Func<string, ValueTask<StoredAccount?>> find)
    {
        try
        {
            bool isPossible = attempt.LoginName.Length > 0
                && Encoding.UTF8.GetByteCount(attempt.LoginName) <= options.Limits.LoginNameOctetsMax;
            return new Lookup(isPossible ? await find(attempt.LoginName) : null);
        }
        catch (IOException unavailable)
        {
            Log.DirectoryUnavailable(logger, attempt.Context.ConnectionId, unavailable.Message);
            return null;
        }
    }

    /// <summary>Asks the source where it checks passwords itself, for names that nobody has too; null where it cannot be asked.</summary>
    private async ValueTask<bool?> IsRightAsync(
        LoginAttempt attempt, StoredAccount? account, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        if ((account is null ? directory.Nobody : account.Verifier) is not { } verifier)
        {
            return await MatchesAsync(account?.Credential, password, cancellationToken);
        }
        // Others take an empty password for an anonymous login that succeeds (RFC 4513 §5.1.2), and end one at a NUL.
        bool mayFit = !password.IsEmpty && password.Length <= options.Limits.PasswordOctetsMax && !password.Span.Contains((byte)0)
            && account?.Credential != StoredCredential.Disabled;
        try
        {
            return mayFit && await verifier.VerifyAsync(password, cancellationToken);
        }
        catch (IOException unavailable)
        {
            Log.DirectoryUnavailable(logger, attempt.Context.ConnectionId, unavailable.Message);
            return null;
        }
    }

    private async ValueTask<bool> MatchesAsync(
        StoredCredential? credential, ReadOnlyMemory<byte> password, CancellationToken cancellationToken)
    {
        bool canBeChecked = credential is not null && PasswordScheme.FindProblem(credential) is null;
        if (canBeChecked)
        {
            _decoy = credential!;
        }
        StoredCredential checkedAgainst = canBeChecked ? credential! : _decoy;
        // An over-long password is never hashed whole.
        ReadOnlyMemory<byte> bounded = password[..Math.Min(password.Length, options.Limits.PasswordOctetsMax)];
        bool matches = await Hashes.RunAsync(() => PasswordScheme.Matches(checkedAgainst, bounded.Span), cancellationToken);
        return matches && canBeChecked;
    }

    private static byte[] Octets(string text) => Encoding.UTF8.GetBytes(text);

    private static IPAddress Shown(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static string Tls(LoginAttempt attempt) => attempt.Context.IsEncrypted ? "yes" : "no";
}

/// <summary>An answer of the directory; the account may be missing.</summary>
internal readonly record struct Lookup(StoredAccount? Account);
