using System.Net.Sockets;

namespace MailAccess.Server.Control;

/// <summary>The socket's place. Names of sockets are short (108 octets), data folders may not be: a long one is reached by way of a link.</summary>
internal static class ControlSocket
{
    private const int PathOctetsMax = 100;

    public static string PathIn(string dataFolder) => Path.Combine(dataFolder, ControlProtocol.SocketName);

    /// <summary>Bound, with mode 0600 in a folder of mode 0700, where a server that runs no more left it too. The caller disposes it.</summary>
    public static Socket Listen(string path)
    {
        File.Delete(path); // The store's lock says that no other server uses this folder.
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bool good = false;
        try
        {
            WithShortName(path, p => socket.Bind(new UnixDomainSocketEndPoint(p)));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            socket.Listen();
            good = true;
            return socket;
        }
        finally
        {
            if (!good)
            {
                socket.Dispose();
            }
        }
    }

    /// <summary>Null where nobody listens. Throws <see cref="SocketException"/> where the socket, or its folder, is not for us. The caller disposes it.</summary>
    public static Socket? Connect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        bool good = false;
        try
        {
            WithShortName(path, p => socket.Connect(new UnixDomainSocketEndPoint(p)));
            good = true;
            return socket;
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable)
        {
            return null; // Left behind by a server that was killed, or not there.
        }
        finally
        {
            if (!good)
            {
                socket.Dispose();
            }
        }
    }

    private static void WithShortName(string path, Action<string> use)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(path) <= PathOctetsMax)
        {
            use(path);
            return;
        }
        string link = Directory.CreateTempSubdirectory("mailaccess-").FullName; // Mode 0700.
        try
        {
            string folder = Path.Combine(link, "d");
            Directory.CreateSymbolicLink(folder, Path.GetDirectoryName(path)!);
            use(Path.Combine(folder, Path.GetFileName(path)));
        }
        finally
        {
            File.Delete(Path.Combine(link, "d"));
            Directory.Delete(link);
        }
    }
}
