using System.Globalization;
using System.Net;
using System.Text;
using MailAccess.Auth;
using MailAccess.Smtp;
using MailAccess.Submission.Policy;
using MailAccess.Testing;
using MailAccess.Wire;
using Microsoft.Extensions.Logging;

namespace MailAccess.Submission.Tests;

/// <summary>One server of one role with a recording sink; the directives of this project's transcripts.</summary>
internal sealed class ServerFixture
{
    private SubmissionSessionFactory? _factory;
    private IAuthenticator _authenticator = new AuthenticatorDouble();
    private UrlsDouble? _urls;

    public ServerFixture(SubmissionRole role)
    {
        Options = new SubmissionOptions { Role = role, HostName = "mx.example.test" };
        Limits = new SubmissionLimits { EarlyTalkerDelay = TimeSpan.Zero };
    }

    public ManualTimeProvider Clock { get; } = new();

    public MailSinkDouble Sink { get; } = new();

    public LevelLog Log { get; } = new();

    public SubmissionOptions Options { get; set; }

    public SubmissionLimits Limits { get; set; }

    public SubmissionListener Listener { get; set; } = SubmissionListener.Default;

    /// <summary>All connections are one listener's, from the first one on.</summary>
    public Task<SessionEnd> RunAsync(IConnection connection) =>
        (_factory ??= new SubmissionSessionFactory(Options, Sink, _authenticator, Limits, Clock, Log, _urls)).RunAsync(connection, Listener);

    public async Task PlayAsync(Transcript transcript, int octetsPerRead)
    {
        await using TranscriptRunner runner = new(Clock, RunAsync) { OctetsPerRead = octetsPerRead };
        runner.Directives["sink-fails"] = at => Do(() => Sink.FailsAt = at);
        runner.Directives["octets-max"] = number => Do(() => Sink.MessageOctetsMax = Number(number));
        runner.Directives["limit"] = words => Do(() => SetLimit(words.Split(' ')));
        runner.Directives["from-policy"] = name => Do(() => Options = Options with { From = Enum.Parse<FromPolicy>(name) });
        runner.Directives["bare-line-ends"] = name => Do(() => Listener = Listener with { BareLineEnds = Enum.Parse<BareLineEndPolicy>(name) });
        runner.Directives["reply-for"] = words => Do(() => SetReply(words.Split(' ', 3)));
        runner.Directives["received"] = words => Do(() => Assert.Equal(Number(words), Sink.Received.Count));
        runner.Directives["content"] = text => Do(() =>
            Assert.Contains(Text(text), Sink.Received[^1].Content, StringComparison.Ordinal));
        runner.Directives["trace"] = text => Do(() => Assert.Contains(text, Trace(Sink.Received[^1].Content), StringComparison.Ordinal));
        runner.Directives["no-trace"] = text => Do(() => Assert.DoesNotContain(text, Trace(Sink.Received[^1].Content), StringComparison.Ordinal));
        runner.Directives["no-content"] = text => Do(() =>
            Assert.DoesNotContain(Text(text), Sink.Received[^1].Content, StringComparison.OrdinalIgnoreCase));
        runner.Directives["ends-with"] = text => Do(() =>
            Assert.EndsWith(Text(text), Sink.Received[^1].Content, StringComparison.Ordinal));
        runner.Directives["envelope"] = text => Do(() => Assert.Equal(text, Show(Sink.Received[^1].Envelope)));
        runner.Directives["name"] = words => Do(() => Options = Options with { ClientNames = new Names(words.Split(' ')) });
        runner.Directives["name-comes"] = _ => Do(() => ((Names)Options.ClientNames!).Late.TrySetResult("late.example"));
        runner.Directives["rate"] = words => Do(() => SetRate(words.Split(' ')));
        runner.Directives["trusted"] = network => Do(() => Options = Options with { Trusted = [IPNetwork.Parse(network)] });
        runner.Directives["unlimited"] = account => Do(() => Options = Options with { UnlimitedAccounts = [account] });
        runner.Directives["without-login"] = network => Do(() => Options = Options with { TrustedClients = new Printers(network) });
        runner.Directives["urls"] = _ => Do(() => _urls = new UrlsDouble());
        runner.Directives["url"] = words => Do(() => _urls!.Contents[words.Split(' ', 2)[0]] = Text(words.Split(' ', 2).ElementAtOrDefault(1) ?? ""));
        runner.Directives["url-cut"] = url => Do(() => _urls!.Cut.Add(url));
        runner.Directives["url-fails"] = words => Do(() => _urls!.Problems[words.Split(' ')[0]] = Enum.Parse<MessageUrlProblem>(words.Split(' ')[1]));
        runner.Directives["urls-off"] = name => Do(() => _urls!.OffFor = name);
        runner.Directives["resolved"] = words => Do(() => Assert.Equal(words == "none" ? [] : words.Split(' '), _urls!.Asked));
        runner.Directives["terms"] = text => Do(() => Assert.Equal(text, Terms(Sink.Received[^1].Envelope)));
        runner.Directives["proxies"] = networks => Do(() =>
        {
            Listener = Listener with { Proxies = [.. networks.Split(' ').Select(IPNetwork.Parse)] };
            Options = Options with
            {
                FindAccount = (login, _) => login == "broken" ? throw new IOException("no directory") : new(login == "alice" ? AuthenticatorDouble.Alice : null),
            };
        });
        runner.Directives["vrfy"] = domains => Do(() => Options = Options with { AnswersVrfy = true, Domains = domains.Split(' ') });
        runner.Directives["origin"] = text => Do(() => Assert.Equal(text, Show(Sink.Received[^1].Origin)));
        Authenticator? real = null;
        runner.Directives["mechanisms"] = names => Do(() => _authenticator = real = RealAuthenticator.Create(names, Clock, Log));
        await runner.RunAsync(transcript);
        real?.Dispose();
        Assert.Equal(0, Sink.OpenIntakes);
        Assert.Equal(0, _urls?.Open ?? 0);
    }

    public static string Show(Envelope envelope)
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"<{envelope.ReversePath}> {envelope.Body} {envelope.Return} {envelope.EnvelopeId ?? "-"}");
        text.Append(envelope.SmtpUtf8 ? " utf8" : "");
        foreach (EnvelopeRecipient recipient in envelope.Recipients)
        {
            text.Append(CultureInfo.InvariantCulture, $" <{recipient.Path}>");
            text.Append(recipient.Notify == DsnNotify.Unspecified ? "" : $"({recipient.Notify})");
            text.Append(recipient.OriginalRecipient is { } original ? $"({original})" : "");
        }
        return text.ToString();
    }

    private static string Show(MailOrigin origin) => $"{origin.Remote} {origin.HelloName} {origin.AccountName}".Trim();

    /// <summary>When and how the message is to travel.</summary>
    private static string Terms(Envelope envelope)
    {
        List<string> terms = [];
        if (envelope.Hold is { } hold)
        {
            terms.Add(string.Create(CultureInfo.InvariantCulture, $"hold={hold.At:yyyy-MM-dd'T'HH:mm:ss'Z'}({hold.Request})"));
        }
        if (envelope.DeliverBy is { } by)
        {
            terms.Add(string.Create(CultureInfo.InvariantCulture, $"by={by.At:yyyy-MM-dd'T'HH:mm:ss'Z'}({by.Mode}{(by.Trace ? ",trace" : "")})"));
        }
        if (envelope.Priority != 0)
        {
            terms.Add(string.Create(CultureInfo.InvariantCulture, $"priority={envelope.Priority}"));
        }
        if (envelope.RequiresTls)
        {
            terms.Add("requiretls");
        }
        return string.Join(' ', terms);
    }

    /// <summary>The first field, unfolded.</summary>
    private static string Trace(string content)
    {
        string unfolded = content.Replace("\r\n ", " ", StringComparison.Ordinal);
        return unfolded[..unfolded.IndexOf("\r\n", StringComparison.Ordinal)];
    }

    private static Task Do(Action action)
    {
        action();
        return Task.CompletedTask;
    }

    private static string Text(string escaped) => escaped.Replace("\\r\\n", "\r\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    private void SetReply(string[] words) =>
        Sink.Replies[words[0]] = new SmtpReply(Number(words[1]), new EnhancedCode(Number(words[1][..1]), 0, 0), words[2]);

    private void SetRate(string[] words)
    {
        Rate rate = new(Number(words[1]), TimeSpan.FromMinutes(Number(words[2])));
        Options = Options with
        {
            Rates = words[0] switch
            {
                "connections" => Options.Rates with { Connections = rate },
                "messages" => Options.Rates with { Messages = rate },
                "recipients" => Options.Rates with { Recipients = rate },
                _ => throw new FormatException(words[0]),
            },
        };
    }

    private void SetLimit(string[] words)
    {
        int number = Number(words[1]);
        Limits = words[0] switch
        {
            "recipients" => Limits with { RecipientsMax = number },
            "errors" => Limits with { ErrorsMax = number },
            "refused" => Limits with { RefusedRecipientsMax = number },
            "logins" => Limits with { AuthenticationFailuresMax = number },
            "junk" => Limits with { JunkCommandsMax = number },
            "header" => Limits with { HeaderOctetsMax = number },
            "fields" => Limits with { HeaderFieldsMax = number },
            "text-line" => Limits with { TextLineOctetsMax = number },
            "hops" => Limits with { HopsMax = number },
            "future-release" => Limits with { FutureReleaseMax = TimeSpan.FromSeconds(number) },
            "drain" => Limits with { DrainOctetsMax = number },
            "peers" => Limits with { PeersMax = number },
            "early" => Limits with { EarlyTalkerDelay = TimeSpan.FromSeconds(number) },
            _ => throw new FormatException(words[0]),
        };
    }
}

/// <summary>Whoever comes from a network is alice; <c>broken</c>: nobody can say now.</summary>
internal sealed class Printers(string network) : ITrustedClients
{
    public ValueTask<Account?> FindAsync(IPAddress address, CancellationToken cancellationToken) =>
        network == "broken" ? throw new IOException("no accounts today")
        : new(IPNetwork.Parse(network).Contains(address) ? AuthenticatorDouble.Alice : null);
}

/// <summary>One address has a name, which may come <c>late</c>.</summary>
internal sealed class Names(string[] addressAndName) : IClientNames
{
    public TaskCompletionSource<string?> Late { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string?> FindAsync(IPAddress address) => addressAndName[1] == "late" ? Late.Task
        : Task.FromResult(address.ToString() == addressAndName[0] ? addressAndName[1] : null);
}

/// <summary>Remembers the highest level and every line.</summary>
internal sealed class LevelLog : ILogger
{
    private readonly Lock _gate = new();
    private readonly StringBuilder _text = new();

    public LogLevel Highest { get; private set; } = LogLevel.Trace;

    public string Text
    {
        get
        {
            lock (_gate)
            {
                return _text.ToString();
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_gate)
        {
            Highest = logLevel > Highest ? logLevel : Highest;
            _text.AppendLine(formatter(state, exception));
        }
    }
}
