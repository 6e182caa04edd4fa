using System.Collections.Concurrent;
using System.Formats.Asn1;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;

namespace MailAccess.Directories.Ldap;

/// <summary>Connections that are kept and used again; the first server that answers is used.</summary>
/// <param name="options">Which servers, and as whom.</param>
/// <param name="isBound">Each connection is bound as <see cref="LdapOptions.BindDn"/>; else as nobody.</param>
/// <param name="clock">The time.</param>
internal sealed class LdapPool(LdapOptions options, bool isBound, TimeProvider clock) : IDisposable
{
    /// <summary>Connections that nobody used for longer are not tried: what stands between may have forgotten them, and would let a request vanish.</summary>
    private static readonly TimeSpan IdleMax = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _gate = new(options.ConnectionsMax);
    private readonly ConcurrentStack<(LdapClient Client, long Since)> _idle = new(); // The one used last is on top, and used next.

    /// <summary>Throws <see cref="IOException"/> for whatever is no answer. A connection that was kept and has ended meanwhile is replaced.</summary>
    public async Task<TResult> RunAsync<TResult>(Func<LdapClient, CancellationToken, Task<TResult>> use, CancellationToken cancellationToken)
    {
        using CancellationTokenSource late = new(options.Timeout, clock);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            await _gate.WaitAsync(either.Token);
            try
            {
                while (_idle.TryPop(out (LdapClient Client, long Since) kept))
                {
                    if (clock.GetElapsedTime(kept.Since) > IdleMax)
                    {
                        kept.Client.Dispose();
                        continue;
                    }
                    try
                    {
                        return await UseAsync(kept.Client, use, either.Token);
                    }
                    catch (Exception ended) when (IsFault(ended) && ended is not LdapResultException)
                    {
                        // Servers close connections that were idle for long.
                    }
                }
                return await UseAsync(await OpenAsync(either.Token), use, either.Token);
            }
            finally
            {
                _gate.Release();
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            CloseIdle(); // They lead to the same server.
            throw new IOException($"LDAP: no answer in {options.Timeout.TotalSeconds:0} s");
        }
        catch (Exception fault) when (IsFault(fault) && fault is not IOException)
        {
            throw new IOException($"LDAP: {fault.Message}", fault);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        CloseIdle();
        _gate.Dispose();
    }

    private static bool IsFault(Exception problem) =>
        problem is IOException or SocketException or AuthenticationException or AsnContentException or CryptographicException or UnauthorizedAccessException;

    private void CloseIdle()
    {
        while (_idle.TryPop(out (LdapClient Client, long Since) kept))
        {
            kept.Client.Dispose();
        }
    }

    private async Task<TResult> UseAsync<TResult>(LdapClient client, Func<LdapClient, CancellationToken, Task<TResult>> use, CancellationToken cancellationToken)
    {
        try
        {
            TResult result = await use(client, cancellationToken);
            _idle.Push((client, clock.GetTimestamp()));
            return result;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }

    private async Task<LdapClient> OpenAsync(CancellationToken cancellationToken)
    {
        Exception? problem = null;
        foreach (Uri server in options.Servers)
        {
            // Each has its share of the time, so that one that does not answer leaves some to the next.
            using CancellationTokenSource late = new(options.Timeout / options.Servers.Count, clock);
            using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
            try
            {
                return await OpenAsync(server, either.Token);
            }
            catch (Exception fault) when (IsFault(fault) || (fault is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                problem = new IOException($"{server}: {(fault is OperationCanceledException ? "no answer" : fault.Message)}", fault);
            }
        }
        throw problem ?? new IOException("LDAP: no server");
    }

    private async Task<LdapClient> OpenAsync(Uri server, CancellationToken cancellationToken)
    {
        LdapClient client = await LdapClient.ConnectAsync(options, server, cancellationToken);
        try
        {
            if (isBound && options.BindDn is { } dn)
            {
                byte[] password = Encoding.UTF8.GetBytes(options.ReadPassword?.Invoke() ?? "");
                if (password.Length == 0)
                {
                    throw new IOException($"bind as {dn}: there is no password");
                }
                LdapResult result = await client.BindAsync(dn, password, cancellationToken);
                if (result.Code != 0)
                {
                    throw new LdapResultException($"bind as {dn}", result.Code, result.Message);
                }
            }
            return client;
        }
        catch
        {
            client.Dispose();
            throw;
        }
    }
}
