using System.Globalization;

namespace MailAccess.EndToEnd.Internet;

/// <summary>A real Postfix that takes mail for a domain into Maildirs: one of the world's servers.</summary>
internal sealed class PostfixSink : IAsyncDisposable
{
    private readonly string _folder = Peers.LastHop.WorldReadable("mailaccess-sink-");

    private Peers.LogFollower? _log;

    private PostfixSink()
    {
    }

    /// <summary>Listens at once; knows <c>friend</c> at the domain and nobody else. The certificate's chain and key, in one file, are for STARTTLS.</summary>
    public static async Task<PostfixSink> StartAsync(string domain, string address, int port, string certificate)
    {
        PostfixSink sink = new();
        string folder = sink._folder;
        foreach (string name in new[] { "etc", "spool", "data", "mail" })
        {
            Directory.CreateDirectory(Path.Combine(folder, name));
        }
        File.Copy(certificate, Path.Combine(folder, "etc", "tls.pem"));
        await Programs.RunAsync("chown", ["postfix", Path.Combine(folder, "data")]);
        await Programs.RunAsync("chown", ["nobody", Path.Combine(folder, "mail")]);
        await File.WriteAllTextAsync(Path.Combine(folder, "maillog"), "");
        await File.WriteAllTextAsync(Path.Combine(folder, "etc", "main.cf"), $$"""
            compatibility_level = 3.6
            queue_directory = {{folder}}/spool
            data_directory = {{folder}}/data
            command_directory = /usr/sbin
            daemon_directory = /usr/lib/postfix/sbin
            mail_owner = postfix
            setgid_group = postdrop
            maillog_file = {{folder}}/maillog
            maillog_file_prefixes = {{folder}}
            inet_interfaces = 127.0.0.1
            inet_protocols = ipv4
            myhostname = mx.{{domain}}
            mydestination =
            mynetworks =
            alias_maps =
            local_recipient_maps =
            smtpd_relay_restrictions = reject_unauth_destination
            virtual_mailbox_domains = {{domain}}
            virtual_mailbox_base = {{folder}}/mail
            virtual_mailbox_maps = inline:{ {friend@{{domain}} = friend/} }
            virtual_uid_maps = static:65534
            virtual_gid_maps = static:65534
            virtual_minimum_uid = 1
            smtpd_tls_chain_files = {{folder}}/etc/tls.pem
            smtpd_tls_security_level = may
            smtpd_tls_received_header = yes
            smtpd_peername_lookup = no
            smtpd_client_connection_count_limit = 0
            disable_dns_lookups = yes
            biff = no

            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "etc", "master.cf"), $"""
            {address}:{port.ToString(CultureInfo.InvariantCulture)} inet n - n - - smtpd
            cleanup unix n - n - 0 cleanup
            qmgr unix n - n 300 1 qmgr
            tlsmgr unix - - n 1000? 1 tlsmgr
            rewrite unix - - n - - trivial-rewrite
            bounce unix - - n - 0 bounce
            defer unix - - n - 0 bounce
            trace unix - - n - 0 bounce
            proxymap unix - - n - - proxymap
            virtual unix - n n - - virtual
            error unix - - n - - error
            retry unix - - n - - error
            anvil unix - - n - 1 anvil
            postlog unix-dgram n - n - 1 postlogd

            """);
        (int code, string said) = await Programs.TryRunAsync("postfix", ["-c", Path.Combine(folder, "etc"), "start"]);
        Assert.True(code == 0, $"Postfix does not start: {said}\n{await File.ReadAllTextAsync(Path.Combine(folder, "maillog"))}");
        sink._log = new Peers.LogFollower(Path.Combine(folder, "maillog"));
        return sink;
    }

    /// <summary>The message for <c>friend</c> in which the words stand; waits until Postfix has delivered one.</summary>
    public async Task<string> FindAsync(string words)
    {
        await _log!.LineAsync("to=<friend@", "status=sent");
        return Assert.Single(Directory.EnumerateFiles(Path.Combine(_folder, "mail", "friend", "new")).Select(File.ReadAllText), m => m.Contains(words, StringComparison.Ordinal));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _log?.Dispose();
        await Programs.RunAsync("postfix", ["-c", Path.Combine(_folder, "etc"), "stop"]);
        Directory.Delete(_folder, recursive: true);
    }
}
