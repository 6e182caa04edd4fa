using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Text;
using MailAccess.Smtp;

namespace MailAccess.Queue;

/// <summary>
/// Which mail is put on hold as it comes: <c>name=pattern</c>, where the name is sender, recipient, domain (a recipient's), account or client (an address or a network);
/// several of them, separated by blanks, must all fit.
/// </summary>
public sealed class HoldRule
{
    private static readonly string[] Names = ["sender", "recipient", "domain", "account", "client"];

    private readonly List<(string Name, string Pattern)> _terms = [];

    private HoldRule(string text) => Text = text;

    /// <summary>As it was written.</summary>
    public string Text { get; }

    /// <summary>Reads a rule; else says what is wrong with it.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HoldRule? rule, out string problem)
    {
        rule = null;
        problem = "";
        HoldRule read = new(string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
        foreach (string term in read.Text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = term.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? "" : term[..equals].ToLowerInvariant();
            if (!Names.Contains(name) || equals == term.Length - 1)
            {
                problem = $"\"{term}\" is none of {string.Join(", ", Names.Select(n => n + "=PATTERN"))}";
                return false;
            }
            if (name == "client" && !IsNetwork(term[(equals + 1)..], out _))
            {
                problem = $"\"{term[(equals + 1)..]}\" is no address or network";
                return false;
            }
            read._terms.Add((name, term[(equals + 1)..]));
        }
        problem = read._terms.Count == 0 ? "a rule says something, such as sender=*@example.org" : "";
        rule = read._terms.Count == 0 ? null : read;
        return rule is not null;
    }

    internal bool Matches(Envelope envelope, MailOrigin origin) => _terms.TrueForAll(t => t.Name switch
    {
        "sender" => t.Pattern == "<>" ? envelope.ReversePath.IsNull : Wildcard.Matches(t.Pattern, envelope.ReversePath.ToString()),
        "recipient" => envelope.Recipients.Any(r => Wildcard.Matches(t.Pattern, r.Path.ToString())),
        "domain" => envelope.Recipients.Any(r => Wildcard.Matches(t.Pattern, r.Path.Domain)),
        "account" => origin.AccountName is { } account && Wildcard.Matches(t.Pattern, account),
        _ => origin.Remote is { } remote && IsNetwork(t.Pattern, out IPNetwork network) && network.Contains(remote),
    });

    private static bool IsNetwork(string text, out IPNetwork network)
    {
        if (IPAddress.TryParse(text, out IPAddress? address))
        {
            network = new IPNetwork(address, address.GetAddressBytes().Length * 8);
            return true;
        }
        return IPNetwork.TryParse(text, out network);
    }
}

/// <summary>The rules for mail that comes: a file of one rule a line, read again when it has changed. <c>#</c> begins a comment.</summary>
/// <remarks>
/// Thread-safe. A line that is no rule is passed over: mail goes on. Each message asks the file system whether the file is another one, so that a rule counts from the next
/// message on; that is a call without I/O, and under no lock.
/// </remarks>
public sealed class HoldRules(string? file)
{
    /// <summary>The name of the file in the data folder.</summary>
    public const string FileName = "hold-rules";

    private const UnixFileMode ForAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead; // The folder is the server's alone.

    private readonly Lock _gate = new();
    private volatile ReadRules _last = new(default, []);

    /// <summary>The rules in the file, none where there is no file. Throws <see cref="IOException"/> and <see cref="UnauthorizedAccessException"/>.</summary>
    public static IReadOnlyList<HoldRule> Read(string file) => !File.Exists(file) ? [] :
        [.. File.ReadLines(file).Where(l => !l.StartsWith('#')).Select(l => HoldRule.TryParse(l, out HoldRule? rule, out _) ? rule : null).OfType<HoldRule>()];

    /// <summary>Replaces the rules, at once and durably. Throws as <see cref="Read"/>.</summary>
    public static void Write(string file, IEnumerable<HoldRule> rules) =>
        WholeFile.Replace(file, Encoding.UTF8.GetBytes(string.Concat(rules.Select(r => r.Text + "\n"))), ForAll); // The server's user reads it, whoever writes it.

    /// <summary>The rule that puts this message on hold; null: none does.</summary>
    internal HoldRule? Find(Envelope envelope, MailOrigin origin)
    {
        if (file is null)
        {
            return null;
        }
        return Current(file).FirstOrDefault(r => r.Matches(envelope, origin));
    }

    private IReadOnlyList<HoldRule> Current(string file)
    {
        try
        {
            // With its size: two changes may share a tick of the file system's clock.
            FileInfo facts = new(file);
            (DateTime, long) now = facts.Exists ? (facts.LastWriteTimeUtc, facts.Length) : default;
            if (now != _last.Facts)
            {
                lock (_gate)
                {
                    _last = now == _last.Facts ? _last : new ReadRules(now, Read(file));
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The rules that were read last stay.
        }
        return _last.Rules;
    }

    private sealed record ReadRules((DateTime Written, long Octets) Facts, IReadOnlyList<HoldRule> Rules);
}
