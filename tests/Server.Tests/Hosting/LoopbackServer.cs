using System.Collections;
using System.Net;
using System.Net.Sockets;
using System.Text;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using MailAccess.Server.Logging;
using MailAccess.Testing;
using Microsoft.Extensions.Logging;

namespace MailAccess.Server.Tests.Hosting;

/// <summary>A whole server on free ports of this machine, in a folder of its own, with the accounts that a test configures.</summary>
internal sealed class LoopbackServer : IAsyncDisposable
{
    private readonly LineLoggerProvider _log;
    private readonly LineLoggerFactory _loggers;
    private readonly MailServer _server;
    private readonly int _imap;
    private readonly int _smtp;

    private LoopbackServer(LineLoggerProvider log, LineLoggerFactory loggers, MailServer server, int imap, int smtp)
    {
        _log = log;
        _loggers = loggers;
        _server = server;
        _imap = imap;
        _smtp = smtp;
    }

    /// <summary>With the text of the section "accounts", and the one domain example.test.</summary>
    public static async Task<LoopbackServer> StartAsync(string folder, string accounts)
    {
        int imap = FreePorts.Next();
        int smtp = FreePorts.Next();
        ServerConfiguration configuration = Read(folder, accounts, imap, smtp);
        LineLoggerProvider log = new(configuration.Log with { File = Path.Combine(folder, "log") }, TimeProvider.System);
        LineLoggerFactory loggers = new(log);
        List<string> errors = [];
        MailServer? server = await MailServer.StartAsync(configuration, loggers, TimeProvider.System, errors);
        Assert.Empty(errors);
        return new LoopbackServer(log, loggers, server!, imap, smtp);
    }

    /// <summary>A configuration as the server reads it; the test fails where it is wrong.</summary>
    public static ServerConfiguration Read(string folder, string accounts, int imap = 143, int smtp = 25)
    {
        List<ConfigurationError> errors = [];
        ServerConfiguration? configuration = ConfigurationLoader.Read("mailaccess.json", folder, Encoding.UTF8.GetBytes($$"""
            {
              "hostname": "mail.example.test", "data": "data", "domains": ["example.test"],
              "accounts": { "plaintextWithoutTls": "loopback", {{accounts}} },
              "listeners": [
                { "protocol": "imap", "address": "127.0.0.1", "port": {{imap}}, "tls": "none" },
                { "protocol": "smtp", "address": "127.0.0.1", "port": {{smtp}}, "tls": "none" }
              ]
            }
            """), new Hashtable(), errors);
        Assert.Empty(errors);
        return configuration!;
    }

    /// <summary>The answer to LOGIN over IMAP, without its tag.</summary>
    public async Task<string> LogInAsync(string name, string password)
    {
        await using Conversation imap = await Conversation.StartAsync(_imap);
        await imap.SayAsync($"a LOGIN \"{name}\" \"{password}\"");
        string answer;
        do
        {
            answer = await imap.HearAsync();
        }
        while (!answer.StartsWith("a ", StringComparison.Ordinal));
        return answer[2..];
    }

    /// <summary>The reply to RCPT from outside.</summary>
    public async Task<string> RecipientAsync(string address)
    {
        await using Conversation smtp = await Conversation.StartAsync(_smtp);
        await smtp.SayAsync("HELO client.example.org");
        await smtp.HearAsync();
        await smtp.SayAsync("MAIL FROM:<sender@example.org>");
        await smtp.HearAsync();
        await smtp.SayAsync($"RCPT TO:<{address}>");
        return await smtp.HearAsync();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _loggers.Dispose();
        _log.Dispose();
    }

    private sealed class Conversation(TcpClient client) : IAsyncDisposable
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
        private readonly StreamReader _reader = new(client.GetStream(), Encoding.UTF8);

        public static async Task<Conversation> StartAsync(int port)
        {
            TcpClient client = new();
            await client.ConnectAsync(IPAddress.Loopback, port);
            Conversation conversation = new(client);
            await conversation.HearAsync();
            return conversation;
        }

        public Task SayAsync(string line) => client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(line + "\r\n")).AsTask();

        public async Task<string> HearAsync() => await _reader.ReadLineAsync().WaitAsync(Patience) ?? throw new IOException("the server has hung up");

        public ValueTask DisposeAsync()
        {
            _reader.Dispose();
            client.Dispose();
            return default;
        }
    }
}
