using System.Buffers;
using System.Net;

namespace MailAccess.Wire;

/// <summary>Why a connection was not taken in.</summary>
internal enum Admission
{
    Admitted,
    TooManyInTotal,
    TooManyOfAddress,
}

/// <summary>The living connections of a host, and how many each address has.</summary>
internal sealed class ConnectionRegistry(WireLimits limits)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Connection> _connections = [];
    private readonly Dictionary<IPAddress, int> _perAddress = [];
    private TaskCompletionSource? _whenEmpty;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _connections.Count;
            }
        }
    }

    /// <summary>There is room for one more; asked before anything is spent on it.</summary>
    public bool HasRoom => Count < limits.ConnectionsMax;

    public void Add(Connection connection)
    {
        lock (_gate)
        {
            _connections.Add(connection);
        }
    }

    /// <summary>Counts the connection under its client's address, once that is known.</summary>
    public bool TryCount(IPAddress address)
    {
        IPAddress key = Addresses.CountedAs(address);
        lock (_gate)
        {
            int count = _perAddress.GetValueOrDefault(key);
            if (count >= limits.ConnectionsPerAddressMax)
            {
                return false;
            }
            _perAddress[key] = count + 1;
            return true;
        }
    }

    public void Uncount(IPAddress address)
    {
        IPAddress key = Addresses.CountedAs(address);
        lock (_gate)
        {
            if (--_perAddress[key] == 0)
            {
                _perAddress.Remove(key);
            }
        }
    }

    public void Remove(Connection connection)
    {
        TaskCompletionSource? empty;
        lock (_gate)
        {
            _connections.Remove(connection);
            empty = _connections.Count == 0 ? _whenEmpty : null;
        }
        empty?.TrySetResult();
    }

    public Connection[] ToArray()
    {
        lock (_gate)
        {
            return [.. _connections];
        }
    }

    /// <summary>Visits all that live now, outside the gate and without leaving garbage every second.</summary>
    public void ForEach(Action<Connection> visit)
    {
        Connection[] rented;
        int count;
        lock (_gate)
        {
            count = _connections.Count;
            rented = ArrayPool<Connection>.Shared.Rent(count);
            _connections.CopyTo(rented);
        }
        foreach (Connection connection in rented.AsSpan(0, count))
        {
            visit(connection);
        }
        ArrayPool<Connection>.Shared.Return(rented, clearArray: true);
    }

    /// <summary>Completes when the last connection is gone. Nothing is added any more when this is called.</summary>
    public Task WhenEmpty()
    {
        lock (_gate)
        {
            if (_connections.Count == 0)
            {
                return Task.CompletedTask;
            }
            _whenEmpty ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _whenEmpty.Task;
        }
    }
}
