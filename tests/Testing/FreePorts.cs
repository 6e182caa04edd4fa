using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace MailAccess.Testing;

/// <summary>
/// Ports for servers that cannot choose their own, each handed out once. They lie below those that the system gives to whoever connects or asks for any port, so
/// that nobody takes one before its server listens there, or while that is restarted.
/// </summary>
public static class FreePorts
{
    private const int Lowest = 10_000;
    private const int Singles = 1_000;
    private static readonly int End = FindEnd();
    private static int _lastSingle = Random.Shared.Next(Singles);
    private static int _lastBase = Random.Shared.Next(End);

    /// <summary>A port at which nobody listens.</summary>
    public static int Next()
    {
        while (true)
        {
            int candidate = End - Singles + (int)((uint)Interlocked.Increment(ref _lastSingle) % Singles);
            if (IsFree(candidate))
            {
                return candidate;
            }
        }
    }

    /// <summary>What can be added to these ports of below 1000, so that nobody listens at any of the sums.</summary>
    public static int NextBase(params ReadOnlySpan<int> ports)
    {
        int blocks = (End - Singles - Lowest) / 1_000;
        while (true)
        {
            int candidate = Lowest + 1_000 * (int)((uint)Interlocked.Increment(ref _lastBase) % blocks);
            bool isFree = true;
            foreach (int port in ports)
            {
                isFree = isFree && IsFree(candidate + port);
            }
            if (isFree)
            {
                return candidate;
            }
        }
    }

    // Linux tells where its own choice begins. Where that leaves no room below, these are as good as any.
    private static int FindEnd()
    {
        const string Range = "/proc/sys/net/ipv4/ip_local_port_range";
        int first = File.Exists(Range) ? int.Parse(File.ReadAllText(Range).Split('\t', ' ')[0], CultureInfo.InvariantCulture) : 0;
        return first < Lowest + 10 * Singles ? 32_768 : first;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using TcpListener listener = new(IPAddress.Any, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
