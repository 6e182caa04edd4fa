using System.Net;

namespace MailAccess.Submission.Policy;

/// <summary>Finds the names of clients in the DNS. Thread-safe.</summary>
public interface IClientNames
{
    /// <summary>
    /// The name that the address leads to and that leads back to the address, in ASCII; null where there is none, or where it cannot be found out.
    /// Never throws, and ends in due time.
    /// </summary>
    Task<string?> FindAsync(IPAddress address);
}

/// <summary>
/// The verified name of a client, looked for while it says what it has to say: nobody waits for it but the Received field, and that not for long.
/// </summary>
internal sealed class ClientName(Task<string?> looking, TimeSpan wait, TimeProvider clock)
{
    private readonly long _begun = clock.GetTimestamp();

    /// <summary>The name is looked for where the role has somebody who does, unless a proxy has told it already, or that there is none.</summary>
    public static ClientName? Of(SubmissionSession session)
    {
        if (session.Client.Override is { } told)
        {
            return told.HostName is { } name ? new ClientName(Task.FromResult<string?>(name), TimeSpan.Zero, session.Clock) : null;
        }
        IPAddress address = session.Client.Address;
        return session.Options.ClientNames is { } names && !IPAddress.IsLoopback(address)
            ? new ClientName(names.FindAsync(address), session.Limits.ClientNameWait, session.Clock) : null;
    }

    /// <summary>Null where it is not known by now.</summary>
    public async ValueTask<string?> GetAsync()
    {
        if (looking.IsCompleted)
        {
            return await looking;
        }
        TimeSpan left = wait - clock.GetElapsedTime(_begun);
        if (left <= TimeSpan.Zero)
        {
            return null;
        }
        try
        {
            return await looking.WaitAsync(left, clock);
        }
        catch (TimeoutException)
        {
            return null;
        }
    }
}
