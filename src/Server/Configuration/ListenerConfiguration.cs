using System.Net;
using MailAccess.Submission;

namespace MailAccess.Server.Configuration;

/// <summary>One of listeners.</summary>
internal sealed record ListenerConfiguration
{
    public required ListenerProtocol Protocol { get; init; }
    public required ListenerTls Tls { get; init; }

    /// <summary>Address and port; null where <see cref="SocketPath"/> is set.</summary>
    public IPEndPoint? EndPoint { get; init; }

    /// <summary>The path of a Unix socket; null where <see cref="EndPoint"/> is set.</summary>
    public string? SocketPath { get; init; }

    /// <summary>Permissions of the socket at <see cref="SocketPath"/>.</summary>
    public UnixFileMode SocketMode { get; init; }

    /// <summary>Of protocols by which messages come.</summary>
    public BareLineEndPolicy BareLineEnds { get; init; } = BareLineEndPolicy.Refuse;

    public IReadOnlyList<IPNetwork> ProxyProtocolFrom { get; init; } = [];

    /// <summary>Whose clients may send XCLIENT and XFORWARD.</summary>
    public IReadOnlyList<IPNetwork> XclientFrom { get; init; } = [];

    /// <summary>The name in the log and in /proc: <c>imap</c>, <c>imaps</c>, <c>submissions</c>…</summary>
    public string Name => Protocol.ToString().ToLowerInvariant() + (Tls == ListenerTls.Implicit ? "s" : "");

    public static IReadOnlyList<ListenerConfiguration> ReadAll(ConfigurationView root, bool hasCertificate, string file, List<ConfigurationError> errors)
    {
        if (!root.Has(Settings.Listeners))
        {
            return Defaults(hasCertificate);
        }
        List<ListenerConfiguration> all = [];
        foreach (ConfigurationView view in root.Sections(Settings.Listeners))
        {
            ListenerConfiguration listener = Read(view, file, errors);
            if (listener.Tls == ListenerTls.Implicit && !hasCertificate)
            {
                errors.Add(view.Error(file, Settings.ListenerTlsMode, "\"implicit\" needs a certificate in tls.certificates"));
            }
            if (all.Any(l => listener.EndPoint is { Port: > 0 } && Equals(l.EndPoint, listener.EndPoint)))
            {
                errors.Add(view.Error(file, Settings.Port, $"{listener.EndPoint} is already another listener's"));
            }
            all.Add(listener);
        }
        if (all.Count == 0)
        {
            errors.Add(root.Error(file, Settings.Listeners, "an empty list: the server would hear nobody"));
        }
        return all;
    }

    private static ListenerConfiguration Read(ConfigurationView view, string file, List<ConfigurationError> errors)
    {
        ListenerProtocol protocol = view.Get(Settings.Protocol);
        string? socket = view.Get(Settings.SocketPath);
        if (socket is not null && view.Has(Settings.Port))
        {
            errors.Add(view.Error(file, Settings.SocketPath, "either \"socket\" or \"port\", not both"));
        }
        if (socket is null && !view.Has(Settings.Port))
        {
            errors.Add(view.Error(file, Settings.Port, "the key \"port\" is missing: the TCP port to listen at"));
        }
        if (socket is not null && protocol != ListenerProtocol.Lmtp)
        {
            errors.Add(view.Error(file, Settings.SocketPath, "only LMTP is offered at a Unix socket"));
        }
        if (socket is null && view.Has(Settings.SocketMode))
        {
            errors.Add(view.Error(file, Settings.SocketMode, "needs \"socket\": only a Unix socket has permissions"));
        }
        if (protocol is ListenerProtocol.Imap or ListenerProtocol.Pop3 && view.Has(Settings.BareLineEnds))
        {
            errors.Add(view.Error(file, Settings.BareLineEnds, "only of submission, smtp and lmtp"));
        }
        if (protocol is ListenerProtocol.Imap or ListenerProtocol.Pop3 && view.Has(Settings.XclientFrom))
        {
            errors.Add(view.Error(file, Settings.XclientFrom, "only SMTP, submission and LMTP know XCLIENT"));
        }
        ListenerTls tls = view.Has(Settings.ListenerTlsMode) ? view.Get(Settings.ListenerTlsMode)
            : protocol == ListenerProtocol.Lmtp ? ListenerTls.None : ListenerTls.StartTls;
        return new ListenerConfiguration
        {
            Protocol = protocol,
            Tls = tls,
            EndPoint = socket is null ? new IPEndPoint(view.Get(Settings.ListenerAddress), view.Get(Settings.Port)) : null,
            SocketPath = socket is null ? null : view.FullPath(socket),
            SocketMode = view.Get(Settings.SocketMode),
            BareLineEnds = view.Get(Settings.BareLineEnds),
            ProxyProtocolFrom = view.Get(Settings.ProxyProtocolFrom),
            XclientFrom = view.Get(Settings.XclientFrom),
        };
    }

    private static IReadOnlyList<ListenerConfiguration> Defaults(bool hasCertificate)
    {
        (ListenerProtocol Protocol, ListenerTls Tls, int Port)[] standard =
        [
            (ListenerProtocol.Pop3, ListenerTls.StartTls, 110), (ListenerProtocol.Pop3, ListenerTls.Implicit, 995),
            (ListenerProtocol.Imap, ListenerTls.StartTls, 143), (ListenerProtocol.Imap, ListenerTls.Implicit, 993),
            (ListenerProtocol.Submission, ListenerTls.StartTls, 587), (ListenerProtocol.Submission, ListenerTls.Implicit, 465),
            (ListenerProtocol.Smtp, ListenerTls.StartTls, 25),
        ];
        return [.. standard.Where(s => hasCertificate || s.Tls != ListenerTls.Implicit)
            .Select(s => new ListenerConfiguration { Protocol = s.Protocol, Tls = s.Tls, EndPoint = new IPEndPoint(IPAddress.IPv6Any, s.Port) })];
    }
}
