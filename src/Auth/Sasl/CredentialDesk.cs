using System.Net;
using System.Security.Cryptography;
using System.Text;
using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.History;
using MailAccess.Auth.Passwords;
using MailAccess.Auth.Throttling;
using Microsoft.Extensions.Logging;

namespace MailAccess.Auth.Sasl;

/// <summary>
/// Where all mechanisms bring what they were told: looks the account up, checks, delays, remembers, logs.
/// </summary>
/// <remarks>
/// Invariants. An unknown name costs as much work as a known one, and no failure is answered before
/// <see cref="AuthLimits.FailureFloor"/>. Nothing is checked outside a turn that <see cref="LoginThrottle"/> gave, not even against what is
/// remembered as right: else guesses at it would be free. A password is in memory only while it is checked;
/// the caches know it by a hash under the process's secret, together with the stored credential: a changed credential is
/// another entry. Only right passwords are remembered as right, and no app password: who revokes one is obeyed at once.
/// </remarks>
internal sealed class CredentialDesk(
    IAccountDirectory directory, AuthOptions options, LoginHistory history, TimeProvider clock, ILogger logger, AppPasswordDesk? appPasswords) : IDisposable
{
    private readonly ProcessSecret _secret = new();
    private readonly LoginThrottle _throttle = new(options.Limits, options.Throttle, history.Places, clock);
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
        if (await FindAsync(attempt, cancellationToken) is not { } lookup)
        {
            return Unavailable(attempt);
        }
        attempt = attempt with { AccountName = lookup.Account?.Account.Name, Detail = lookup.Detail };
        long lookedUp = clock.GetTimestamp();
        using LoginTurn? turn = await EnterAsync(attempt, cancellationToken);
        started += clock.GetTimestamp() - lookedUp; // The wait is no work, but the look-up is: it may take longer for a name that somebody has.
        if (turn is null)
        {
            return await RefuseAsync(attempt, started, cancellationToken);
        }
        UInt128 fingerprint = _secret.Fingerprint("attempt", Octets(lookup.Account?.Account.Name ?? BareName(attempt)), password);
        StoredAccount? found = password.Length <= options.Limits.PasswordOctetsMax ? lookup.Account : null;
        UInt128 cacheKey = found is null ? default : _secret.Fingerprint(
            "password", Octets(found.Account.Name), Octets(found.Credential.Scheme), Octets(found.Credential.Data), password);
        AppPasswordVerdict app = appPasswords is null ? default : await appPasswords.CheckAsync(attempt, found, password, cancellationToken);
        if (app.Right is not null)
        {
            return await AuthorizeAsync(attempt, found!.Account, app.Right, cancellationToken);
        }
        if (found is null || app.IsMainRefused || !_rightPasswords.TryGet(cacheKey, out _))
        {
            if (await IsRightAsync(attempt, found, password, cancellationToken) is not { } isRight)
            {
                return Unavailable(attempt);
            }
            if (!isRight || found is null || app.IsMainRefused)
            {
                return await FailAsync(attempt, turn, fingerprint, started, cancellationToken);
            }
            _rightPasswords.Set(cacheKey, true);
        }
        return await AuthorizeAsync(attempt, found.Account, cancellationToken);
    }

    /// <summary>
    /// The account of a name, if any; null where the directory cannot be asked. A name that an account has as it stands is that account's, whatever
    /// else could be read into it.
    /// </summary>
    public async ValueTask<Lookup?> FindAsync(LoginAttempt attempt, CancellationToken cancellationToken)
    {
        Lookup? found = await AskDirectoryAsync(attempt, name => directory.FindByLoginAsync(name, cancellationToken));
        if (found is not { Account: null } || LoginDetail.Of(attempt.LoginName, attempt.Context.DetailDelimiter) is not { } parts)
        {
            return found;
        }
        found = await AskDirectoryAsync(attempt, _ => directory.FindByLoginAsync(parts.AccountName, cancellationToken));
        return found is { Account: not null } ? found.Value with { Detail = parts.Detail } : found;
    }

    /// <summary>The account that owns the address which is the attempt's name, if any; null where the directory cannot be asked.</summary>
    public ValueTask<Lookup?> FindByAddressAsync(LoginAttempt attempt, CancellationToken cancellationToken) => AskDirectoryAsync(attempt, async address =>
    {
        int at = address.LastIndexOf('@');
        Account? owner = at > 0 ? await directory.FindByAddressAsync(address[..at], address[(at + 1)..], cancellationToken) : null;
        return owner is null ? null : await directory.FindByLoginAsync(owner.Name, cancellationToken);
    });

    /// <summary>Salt and count that a client is told before it proves anything: the stored ones, or a decoy that stays the same.</summary>
    public (byte[] Salt, int Iterations) ScramParameters(HashAlgorithmName hash, LoginAttempt attempt, StoredCredential? credential)
    {
        if (credential is not null && PasswordScheme.TryGetVerifier(credential, out ScramVerifier? verifier) && verifier!.Hash == hash)
        {
            return (verifier.Salt, verifier.Iterations);
        }
        string bare = Canonical(BareName(attempt)); // As a known name has one salt with each detail.
        return (_secret.Derive($"scram salt {hash}", bare, ScramVerifier.SaltOctets), options.ScramIterations);
    }

    /// <summary>
    /// A verifier with those parameters: the stored one, or made of a plain password and kept; null where this account's
    /// credential cannot serve SCRAM or is refused, or nobody has the name.
    /// </summary>
    public async ValueTask<ScramVerifier?> FindVerifierAsync(
        HashAlgorithmName hash, byte[] salt, int iterations, StoredAccount? account, CancellationToken cancellationToken)
    {
        if (account is null || (appPasswords is not null && await appPasswords.RefusesMainAsync(account.Account.Name, cancellationToken)))
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

    /// <summary>The account's password in plain, for what can be proven in no other way; null where it is not kept so, or may not be used.</summary>
    public async ValueTask<byte[]?> FindPlainAsync(StoredAccount? account, CancellationToken cancellationToken) =>
        account is not null && PasswordScheme.TryGetPlain(account.Credential, out byte[] password)
            && !(appPasswords is not null && await appPasswords.RefusesMainAsync(account.Account.Name, cancellationToken)) ? password : null;

    /// <summary>A name for what was tried, so that the same thing tried again does not count twice.</summary>
    public UInt128 Fingerprint(ReadOnlyMemory<byte> tried) => _secret.Fingerprint("tried", tried);

    /// <summary>
    /// Waits for the turn to check a proof of an attempt whose account was looked up; null: refused, see <see cref="RefuseAsync"/>. The turn is the
    /// caller's to end.
    /// </summary>
    public async ValueTask<LoginTurn?> EnterAsync(LoginAttempt attempt, CancellationToken cancellationToken)
    {
        if (attempt.AccountName is { } known)
        {
            await history.LoadAsync(known, cancellationToken);
        }
        return await _throttle.EnterAsync(
            attempt.Context.Remote, attempt.AccountName ?? Canonical(BareName(attempt)), attempt.AccountName is not null, cancellationToken);
    }

    /// <summary>
    /// Waits for the turn to check what cannot be guessed, a token or a certificate, and whose account is known only after that. Never refused
    /// for what failed, but perhaps for how many wait.
    /// </summary>
    public ValueTask<LoginTurn?> EnterAsync(AuthenticationContext context, CancellationToken cancellationToken) =>
        _throttle.EnterAsync(context.Remote, null, false, cancellationToken);

    /// <summary>Logs that nothing was checked, and answers in the time that a failure takes.</summary>
    public async ValueTask<SaslStep> RefuseAsync(LoginAttempt attempt, long started, CancellationToken cancellationToken)
    {
        LogFailure(attempt, AuthenticationFailure.TooManyFailures);
        await WaitForFloorAsync(started, cancellationToken);
        return SaslStep.Fail(AuthenticationFailure.TooManyFailures);
    }

    /// <summary>Counts and logs a failed proof, ends its turn, and answers in due time.</summary>
    public async ValueTask<SaslStep> FailAsync(
        LoginAttempt attempt, LoginTurn turn, UInt128? fingerprint, long started, CancellationToken cancellationToken)
    {
        LogFailure(attempt, AuthenticationFailure.InvalidCredentials);
        turn.AddFailure(fingerprint ?? _secret.Fingerprint("proof", RandomNumberGenerator.GetBytes(16)));
        turn.Dispose(); // The next in line need not wait for this answer.
        await WaitForFloorAsync(started, cancellationToken);
        return SaslStep.Fail(AuthenticationFailure.InvalidCredentials);
    }

    /// <summary>The account source cannot be asked.</summary>
    public SaslStep Unavailable(LoginAttempt attempt)
    {
        LogFailure(attempt, AuthenticationFailure.TemporarilyUnavailable);
        return SaslStep.Fail(AuthenticationFailure.TemporarilyUnavailable);
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
            if (other.Account?.Account.Name != account.Name || (other.Detail is not null && other.Detail != attempt.Detail))
            {
                LogFailure(attempt, AuthenticationFailure.AuthorizationDenied);
                return SaslStep.Fail(AuthenticationFailure.AuthorizationDenied);
            }
        }
        return SaslStep.Success(account) with { Detail = attempt.Detail };
    }

    /// <summary>The attempt has proven to be this account's: logs, and remembers the place.</summary>
    public void LogSuccess(LoginAttempt attempt, Account account)
    {
        Log.LoginSucceeded(
            logger, attempt.Context.ConnectionId, attempt.ShownName, attempt.Mechanism, attempt.Context.Protocol, attempt.Context.Remote, Tls(attempt),
            attempt.AppPassword is { } app ? $" app=<{app}>" : "");
        history.Add(account.Name, attempt.Context, attempt.Mechanism, AuthenticationFailure.None);
        _throttle.TakeNotice(account.Name, attempt.Context.Remote);
    }

    public void LogFailure(LoginAttempt attempt, AuthenticationFailure reason)
    {
        IPAddress remote = attempt.Context.Remote;
        if (reason is AuthenticationFailure.TemporarilyUnavailable or AuthenticationFailure.TooManyFailures)
        {
            Log.LoginNotChecked(
                logger, attempt.Context.ConnectionId, attempt.ShownName, attempt.Mechanism, attempt.Context.Protocol, remote, Tls(attempt), reason);
        }
        else if (attempt.Context.Protocol is "imap" or "pop3")
        {
            Log.LoginFailed(
                logger, attempt.Context.Protocol, attempt.ShownName, attempt.Mechanism, remote, Tls(attempt), reason, attempt.Context.ConnectionId);
        }
        else
        {
            Log.SubmissionLoginFailed(logger, "warning", remote, attempt.Mechanism, reason, attempt.ShownName, Tls(attempt), attempt.Context.ConnectionId);
        }
        if (attempt.AccountName is { } account)
        {
            history.Add(account, attempt.Context, attempt.Mechanism, reason);
        }
    }

    public void Dispose() => Hashes.Dispose();

    private async ValueTask<SaslStep> AuthorizeAsync(
        LoginAttempt attempt, Account account, AppPassword proof, CancellationToken cancellationToken)
    {
        SaslStep step = await AuthorizeAsync(attempt, account, cancellationToken);
        if (step.Account is not null)
        {
            appPasswords!.Uses.Note(proof, attempt.Context);
        }
        return step with { AppPassword = proof.Name };
    }

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

    private static string BareName(LoginAttempt attempt) =>
        LoginDetail.Of(attempt.LoginName, attempt.Context.DetailDelimiter)?.AccountName ?? attempt.LoginName;

    private string Canonical(string loginName) =>
        directory is IDirectoryFacts facts ? facts.CanonicalLogin(loginName) : loginName.ToLowerInvariant();

    private async ValueTask WaitForFloorAsync(long started, CancellationToken cancellationToken)
    {
        TimeSpan left = options.Limits.FailureFloor - clock.GetElapsedTime(started);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, clock, cancellationToken);
        }
    }

    private static byte[] Octets(string text) => Encoding.UTF8.GetBytes(text);

    private static string Tls(LoginAttempt attempt) => attempt.Context.IsEncrypted ? "yes" : "no";
}

/// <summary>An answer of the directory; the account may be missing.</summary>
/// <param name="Account">Or null.</param>
/// <param name="Detail">What the name said behind the account's, or null.</param>
internal readonly record struct Lookup(StoredAccount? Account, string? Detail = null);
