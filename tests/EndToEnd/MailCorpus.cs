using System.Globalization;
using System.Text;

namespace MailAccess.EndToEnd;

/// <summary>
/// Made-up mail as it comes: conversations with holes, doubled and missing Message-IDs, loops, headers of all kinds. The same seed gives
/// the same mail.
/// </summary>
internal static class MailCorpus
{
    private static readonly string[] Topics =
    [
        "meeting on friday", "Meeting  on\tFriday", "budget", "Re", "", "[list] budget", "=?utf-8?q?B=C3=BCdget?=", "=?iso-8859-1?Q?b=FCdget?=",
        "=?koi8-r?B?4c7ewsnHwQ==?=", "=?utf-8?b?5pel5pys6Kqe?=", "a (was: b)", "[a] [b]", "[only a blob]", "fwd", "lunch =?utf-8?q?and_?= =?utf-8?q?coffee?=",
    ];

    private static readonly string[] Prefixes =
        ["", "", "", "Re: ", "RE: ", "re:", "Fwd: ", "fw: ", "Re: Re: ", "[list] Re: ", "Re: [list] ", "Re [1]: ", "AW: ", "Re: Fwd: ", "  Re : "];

    private static readonly string[] Suffixes = ["", "", "", "", " (fwd)", " (FWD) ", " ", " (fwd) (fwd)"];

    private static readonly string[] People =
    [
        "alice@example.test", "Bob <bob@example.test>", "\"Carol C.\" <carol@example.test>", "=?utf-8?q?D=C3=B6rte?= <d@example.test>",
        "=?utf-8?q?=C3=89mile?= <emile@example.test>", "Zoe (comment) <zoe@example.test>", "BOB <BOB@OTHER.test>", "<plain@example.test>",
        "\"quoted \\\"name\\\"\" <q@example.test>", "adam@example.test, bob@example.test", "", "eve@[192.0.2.1]", "=?iso-8859-1?Q?J=F6rg?= <joerg@example.test>",
    ];

    private static readonly (string Text, double Hours)[] Zones =
        [("+0000", 0), ("-0800", -8), ("+0530", 5.5), ("GMT", 0), ("EST", -5), ("PDT", -7), ("(comment) +0200", 2), ("+0000 (UTC)", 0)];

    /// <summary>Writes messages into a Maildir's <c>cur</c>. File times, which are internal dates, are not in the order of names.</summary>
    /// <param name="maildir">Made where it is not there.</param>
    /// <param name="count">How many.</param>
    /// <param name="seed">Of the random numbers.</param>
    /// <param name="arriveWhenSent">Internal dates are the sent ones; else they have nothing to do with each other.</param>
    public static void Write(string maildir, int count, int seed, bool arriveWhenSent)
    {
        Random random = new(seed);
        foreach (string folder in new[] { "cur", "new", "tmp" })
        {
            Directory.CreateDirectory(Path.Combine(maildir, folder));
        }
        List<Made> made = [];
        for (int i = 0; made.Count < count; i++)
        {
            Made message = Make(random, made, i);
            made.Add(message);
            string name = Path.Combine(maildir, "cur", string.Create(CultureInfo.InvariantCulture, $"{1_600_000_000 + made.Count}.M{made.Count}P1.corpus:2,S"));
            File.WriteAllText(name, message.Text, new UTF8Encoding(false));
            DateTime arrival = DateTime.UnixEpoch.AddSeconds(1_500_000_000 + (random.Next(40) * 1_000));
            File.SetLastWriteTimeUtc(name, arriveWhenSent && message.Sent is { } sent ? sent : arrival);
        }
    }

    private static Made Make(Random random, List<Made> earlier, int number)
    {
        StringBuilder header = new();
        Made? parent = earlier.Count > 0 && random.Next(3) > 0 ? earlier[Math.Max(0, earlier.Count - 1 - random.Next(30))] : null;
        string id = random.Next(25) == 0 && earlier.Count > 0 ? earlier[random.Next(earlier.Count)].Id
            : random.Next(30) == 0 ? ""
            : $"<{(random.Next(15) == 0 ? "\"m" + number + "\"" : "m" + number)}@example.test>";
        List<string> references = parent is null ? [] : [.. parent.References, .. parent.Id.Length > 0 ? [parent.Id] : Array.Empty<string>()];
        if (references.Count > 3 && random.Next(3) == 0)
        {
            references.RemoveAt(random.Next(references.Count - 1)); // Truncated.
        }
        if (parent is not null && random.Next(8) == 0)
        {
            references.Insert(random.Next(references.Count + 1), $"<lost{random.Next(12)}@example.test>"); // Of a message that is not here.
        }
        if (random.Next(40) == 0)
        {
            references.Add($"<m{random.Next(number + 20)}@example.test>"); // Perhaps of a later one: loops.
        }
        header.Append(id.Length == 0 ? "" : $"Message-ID: {id}\n");
        if (references.Count > 0)
        {
            header.Append(random.Next(5) switch
            {
                0 => $"In-Reply-To: {references[^1]}\n",
                1 => $"In-Reply-To: Your message of yesterday {references[^1]}\n",
                2 => $"References: {string.Join("\n\t", references)}\nIn-Reply-To: <other@example.test>\n",
                _ => $"References: {string.Join(' ', references)}\n",
            });
        }
        string topic = parent is not null && random.Next(4) > 0 ? parent.Topic : Topics[random.Next(Topics.Length)];
        string prefix = parent is not null ? Prefixes[random.Next(Prefixes.Length)] : random.Next(4) == 0 ? Prefixes[random.Next(Prefixes.Length)] : "";
        header.Append(random.Next(30) == 0 ? "" : random.Next(40) == 0 ? $"Subject: [fwd: {topic}]\n" : $"Subject: {prefix}{topic}{Suffixes[random.Next(Suffixes.Length)]}\n");
        header.Append(DateField(random, out DateTime? sent));
        header.Append(random.Next(20) == 0 ? "" : $"From: {People[random.Next(People.Length)]}\n");
        header.Append(random.Next(6) == 0 ? "" : $"To: {People[random.Next(People.Length)]}\n");
        header.Append(random.Next(2) == 0 ? "" : $"Cc: {People[random.Next(People.Length)]}\n");
        return new Made(id, references, topic, sent, $"{header}\n{new string('x', random.Next(20))}\n");
    }

    private static string DateField(Random random, out DateTime? sent)
    {
        DateTime date = DateTime.UnixEpoch.AddSeconds(1_400_000_000 + (random.Next(3_000) * 60L));
        (string zone, double hours) = Zones[random.Next(Zones.Length)];
        sent = null;
        switch (random.Next(20))
        {
            case 0:
                return "";
            case 1:
                return "Date: yesterday\n";
            case 2:
                sent = date.Date.AddHours(10 - hours);
                return $"Date: {date.ToString("d MMM yyyy", CultureInfo.InvariantCulture)} 10:00 {zone}\n";
            default:
                sent = date.AddHours(-hours);
                return $"Date: {date.ToString("ddd, d MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} {zone}\n";
        }
    }

    private sealed record Made(string Id, List<string> References, string Topic, DateTime? Sent, string Text);
}
