using System.Net;
using System.Net.Sockets;
using System.Text;
using MailAccess.Auth;
using MailAccess.Auth.AppPasswords;
using MailAccess.Auth.History;
using MailAccess.Auth.OAuth;
using MailAccess.Dns;
using MailAccess.Queue;
using MailAccess.Routing;
using MailAccess.Server.Configuration;
using MailAccess.Server.Control;
using MailAccess.Store;
using MailAccess.Store.Access;
using MailAccess.Tables;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Hosting;

/// <summary>
/// The whole server: what is made from a configuration, in which order it starts and stops.
/// </summary>
/// <remarks>Start: store, queue, listeners. Stop: listeners (two phases), queue, store. So nothing is asked for that is not there.</remarks>
internal sealed class MailServer : IAsyncDisposable
{
    private readonly ServerConfiguration _configuration;
    private readonly ILoggerFactory _loggers;
    private readonly TimeProvider _clock;
    private readonly ILogger _log;
    private readonly Stack<Func<ValueTask>> _undo = new();
    private TlsCertificates? _certificates;
    private ClientTrust? _clientTrust;
    private ITimer? _certificateTimer;
    private ConnectionHost? _host;

    private MailServer(ServerConfiguration configuration, ILoggerFactory loggers, TimeProvider clock)
    {
        _configuration = configuration;
        _loggers = loggers;
        _clock = clock;
        _log = loggers.CreateLogger("MailAccess.Server");
    }

    /// <summary>A running server; or null, with every reason why it does not run.</summary>
    public static async Task<MailServer?> StartAsync(ServerConfiguration configuration, ILoggerFactory loggers, TimeProvider clock, List<string> errors)
    {
        MailServer server = new(configuration, loggers, clock);
        try
        {
            await server.StartAsync(errors);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or SocketException)
        {
            errors.Add(problem.Message);
        }
        if (errors.Count == 0)
        {
            return server;
        }
        await server.DisposeAsync();
        return null;
    }

    /// <summary>Reads certificates again; errors are logged and the old ones stay.</summary>
    public void ReloadCertificates()
    {
        if (_certificates is null)
        {
            return;
        }
        if (_certificates.TryReload(out IReadOnlyList<string> errors))
        {
            _log.CertificatesReloaded(_certificates.NotAfter);
        }
        if (_clientTrust is not null && !_clientTrust.TryReload(out IReadOnlyList<string> further))
        {
            errors = [.. errors, .. further];
        }
        foreach (string error in errors)
        {
            _log.CertificateProblem(error);
        }
    }

    /// <summary>Ends what was started, the last first.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_certificateTimer is not null)
        {
            await _certificateTimer.DisposeAsync();
        }
        while (_undo.TryPop(out Func<ValueTask>? undo))
        {
            await undo();
        }
    }

    private async Task StartAsync(List<string> errors)
    {
        LoadCertificates(errors);
        Directory.CreateDirectory(_configuration.DataFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        AccountSources sources = new(_configuration, _clock, _loggers);
        _undo.Push(() =>
        {
            sources.Dispose();
            return default;
        });
        IAccountDirectory accounts = sources.All;
        await CheckAccountsAsync(accounts, errors);
        if (errors.Count > 0)
        {
            return;
        }

        AccountQuotas quotas = new(_configuration, accounts, _clock, _log);
        IMailStore? store = await StoreSetup.OpenAsync(_configuration, accounts, quotas, _clock, _loggers, errors);
        if (store is null)
        {
            return;
        }
        _undo.Push(store.DisposeAsync);
        quotas.Start(store);
        _undo.Push(quotas.DisposeAsync);
        ExpiryService expiry = new(_configuration, accounts, store, _clock, _loggers.CreateLogger("MailAccess.Store"));
        expiry.Start();
        _undo.Push(expiry.DisposeAsync);
        SpecialFolders mail = new(store, _configuration.Mail.CreateSpecialFolders);
        StubResolver resolver = QueueSetup.CreateResolver(_configuration.Queue, _clock, _loggers);
        _undo.Push(() =>
        {
            resolver.Dispose();
            return default;
        });
        TableOpener tables = RoutingSetup.CreateTables(_clock, _loggers);
        _undo.Push(tables.DisposeAsync);
        RoutingOptions routing = RoutingSetup.CreateOptions(
            _configuration, await AccountSource.PostmasterAsync(_configuration, sources), tables, new MailExchangers(resolver, _configuration.HostName), errors);
        AccountAddresses addresses = new(_configuration.Domains, accounts);
        MessageRewriting? rewriting = RewritingSetup.Create(_configuration, addresses, tables, _loggers, errors);
        if (errors.Count > 0)
        {
            return;
        }
        MailRouter router = new(routing, addresses, _loggers.CreateLogger<MailRouter>());
        MailQueue? queue = QueueSetup.Create(_configuration, router, rewriting, tables, mail, resolver, _clock, _loggers, errors);
        if (queue is null)
        {
            return;
        }
        _undo.Push(queue.DisposeAsync);
        await queue.StartAsync(CancellationToken.None);
        _undo.Push(async () => await queue.StopAsync(_configuration.Limits.ShutdownGrace));
        StartControl(queue);
        AppPasswordDesk appPasswords = await AccountSource.OpenAppPasswordsAsync(_configuration, _clock, _loggers);
        _undo.Push(appPasswords.DisposeAsync);
        StartListeners(accounts, appPasswords, mail, queue, resolver, errors);
    }

    private void StartControl(MailQueue queue)
    {
        try
        {
            ControlServer control = new(_configuration.DataFolder, new QueueControl(queue).AnswerAsync, _clock, _log);
            _undo.Push(control.DisposeAsync);
        }
        catch (Exception problem) when (problem is IOException or UnauthorizedAccessException or SocketException)
        {
            _log.ControlUnavailable(problem.Message); // Mail goes on without.
        }
    }

    private async Task CheckAccountsAsync(IAccountDirectory accounts, List<string> errors)
    {
        try
        {
            errors.AddRange(await AccountSource.FindUnknownAsync(_configuration, accounts));
        }
        catch (IOException unavailable) when (!_configuration.Accounts.Directories.IsPasswdFileAlone)
        {
            _log.AccountsUnavailable(unavailable.Message); // What it runs on may come up after us.
        }
    }

    private void LoadCertificates(List<string> errors)
    {
        if (_configuration.Certificates.Count == 0)
        {
            return;
        }
        Wire.CertificateFiles[] files = [.. _configuration.Certificates.Select(c => new Wire.CertificateFiles(c.Certificate, c.Key))];
        if (!TlsCertificates.TryLoad(files, out _certificates, out IReadOnlyList<string> problems))
        {
            errors.AddRange(problems);
            return;
        }
        if (_configuration.ClientCertificates is { Authorities: { } authorities } clients
            && !ClientTrust.TryLoad(authorities, clients.Revocation, out _clientTrust, out problems))
        {
            errors.AddRange(problems);
            return;
        }
        _certificateTimer = _clock.CreateTimer(
            _ =>
            {
                if (_certificates.HaveFilesChanged() || _clientTrust?.HasFileChanged() == true)
                {
                    ReloadCertificates();
                }
            },
            null, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));
    }

    private void StartListeners(
        IAccountDirectory accounts, AppPasswordDesk appPasswords, SpecialFolders mail, MailQueue queue, IResolver resolver, List<string> errors)
    {
        TranscriptFiles transcripts = new(Path.Combine(_configuration.DataFolder, "transcripts"));
        _undo.Push(transcripts.DisposeAsync);
        LimitsConfiguration limits = _configuration.Limits;
        int? descriptors = DescriptorLimit.Current;
        if (DescriptorLimit.Note(limits.Connections, descriptors) is { } note)
        {
            _log.FewDescriptors(note);
        }
        _host = new ConnectionHost(
            new WireLimits { ConnectionsMax = DescriptorLimit.ConnectionsOf(limits.Connections, descriptors), ConnectionsPerAddressMax = limits.ConnectionsPerAddress },
            _clock, _loggers.CreateLogger<ConnectionHost>(),
            new TranscriptOptions { Sink = transcripts, Wanted = address => _configuration.Log.TranscriptFrom.Any(n => n.Contains(address)) });
        LoginHistory history = AccountSource.OpenHistory(_configuration, _clock, _loggers);
        _undo.Push(history.DisposeAsync);
        Authenticator authenticator = AccountSource.CreateAuthenticator(
            _configuration, accounts, OpenTokens(errors), history, appPasswords, _clock, _loggers);
        ObservedAuthenticator observed = new(authenticator, _configuration.Log.TranscriptOf, id => _host.StartTranscript(id));
        AccessMailStore access = StoreSetup.CreateAccess(_configuration, accounts, mail, _clock);
        _undo.Push(access.DisposeAsync);
        SessionFactories sessions = new(_configuration, observed, access, mail, queue, accounts, new ClientNames(resolver), _clock, _loggers);
        Dictionary<string, int> names = [];
        foreach (ListenerConfiguration listener in _configuration.Listeners)
        {
            int number = names[listener.Name] = names.GetValueOrDefault(listener.Name) + 1;
            _host.Add(Options(listener, number == 1 ? listener.Name : $"{listener.Name}-{number}"), sessions.For(listener));
        }
        if (errors.Count > 0)
        {
            return;
        }
        if (!_host.TryStart(out IReadOnlyList<string> problems))
        {
            errors.AddRange(problems);
            return;
        }
        _undo.Push(async () => await _host.StopAsync(limits.ShutdownGrace));
    }

    private OAuthTokens? OpenTokens(List<string> errors)
    {
        SocketsHttpHandler http = OAuthSetup.CreateHandler();
        OAuthTokens? tokens = OAuthSetup.Create(_configuration, http, _clock, _loggers, errors);
        _undo.Push(() =>
        {
            tokens?.Dispose();
            http.Dispose();
            return default;
        });
        return tokens;
    }

    private ListenerOptions Options(ListenerConfiguration listener, string name) => new()
    {
        Name = name,
        Protocol = listener.Protocol switch
        {
            ListenerProtocol.Imap => WireProtocol.Imap,
            ListenerProtocol.Pop3 => WireProtocol.Pop3,
            _ => WireProtocol.Smtp,
        },
        EndPoint = listener.EndPoint is { } address ? address : new UnixDomainSocketEndPoint(listener.SocketPath!),
        SocketMode = listener.SocketMode,
        Tls = _certificates is null ? TlsMode.None : listener.Tls switch
        {
            ListenerTls.Implicit => TlsMode.Implicit,
            ListenerTls.StartTls => TlsMode.StartTls,
            _ => TlsMode.None,
        },
        Certificates = _certificates,
        ClientTrust = listener.Protocol is ListenerProtocol.Smtp or ListenerProtocol.Lmtp ? null : _clientTrust, // Where nobody logs in nobody is asked.
        ProxyNetworks = listener.ProxyProtocolFrom,
        RefusalLine = Encoding.ASCII.GetBytes(listener.Protocol switch
        {
            ListenerProtocol.Imap => "* BYE too many connections, try again later\r\n",
            ListenerProtocol.Pop3 => "-ERR [SYS/TEMP] too many connections, try again later\r\n", // RFC 3206 §4
            _ => $"421 4.7.0 {_configuration.HostName} too many connections, try again later\r\n",
        }),
    };
}
