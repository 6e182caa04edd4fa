using System.Diagnostics;
using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

// Usage: MailAccess.Search.Bench fill MAILDIR COUNT | ask PORT plain|tls USER PASSWORD [ROUNDS]. See README.md.
if (args is ["fill", string maildir, string count])
{
    Fill(maildir, int.Parse(count, CultureInfo.InvariantCulture));
    return 0;
}
if (args is ["ask", string port, string transport, string user, string password, .. string[] rest])
{
    await AskAsync(int.Parse(port, CultureInfo.InvariantCulture), transport == "tls", user, password, rest is [string n] ? int.Parse(n, CultureInfo.InvariantCulture) : 3);
    return 0;
}
Console.Error.WriteLine("usage: fill MAILDIR COUNT | ask PORT plain|tls USER PASSWORD [ROUNDS]");
return 1;

// Conversations of a few messages up to some hundreds, replies a little later than what they answer, now and then without a parent here.
static void Fill(string maildir, int count)
{
    Random random = new(1);
    foreach (string folder in new[] { "cur", "new", "tmp" })
    {
        Directory.CreateDirectory(Path.Combine(maildir, folder));
    }
    string[] words = ["budget", "meeting", "Grüße", "release", "question", "about", "the", "new", "old", "plan", "lunch", "Café", "invoice", "order", "weekly", "report"];
    List<(string Id, string References, string Subject)> made = [];
    for (int i = 0; i < count; i++)
    {
        bool isReply = made.Count > 0 && random.Next(10) < 7;
        (string id, string references, string subject) = isReply ? made[Math.Max(0, made.Count - 1 - random.Next(200))] : ("", "", "");
        string[] known = references.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        references = isReply ? string.Join(' ', known.TakeLast(20).Append(random.Next(20) == 0 ? $"<lost{i}@example.test>" : id)) : "";
        subject = isReply ? subject : string.Join(' ', Enumerable.Range(0, 3 + random.Next(4)).Select(_ => words[random.Next(words.Length)])) + " " + random.Next(5000);
        string own = $"<{Guid.NewGuid():N}@mail.example.test>";
        made.Add((own, references, subject));
        string encoded = System.Text.Ascii.IsValid(subject) ? subject : $"=?utf-8?b?{Convert.ToBase64String(Encoding.UTF8.GetBytes(subject))}?=";
        DateTime sent = DateTime.UnixEpoch.AddSeconds(1_500_000_000 + (i * 300.0) + random.Next(3600));
        string text = $"Date: {sent.ToString("ddd, d MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} +0000\nFrom: Person {random.Next(500)} <person{random.Next(500)}@example.test>\n"
            + $"To: Alice <alice@example.test>\nSubject: {(isReply ? "Re: " : "")}{encoded}\nMessage-ID: {own}\n{(references.Length > 0 ? $"References: {references}\n" : "")}"
            + $"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n{string.Concat(Enumerable.Repeat("The quick brown fox jumps over the lazy dog.\n", random.Next(5, 40)))}";
        string name = Path.Combine(maildir, "cur", string.Create(CultureInfo.InvariantCulture, $"{1_500_000_000 + (i * 300)}.M{i}P1.bench:2,S"));
        File.WriteAllText(name, text, new UTF8Encoding(false));
        File.SetLastWriteTimeUtc(name, sent);
    }
}

static async Task AskAsync(int port, bool tls, string user, string password, int rounds)
{
    using TcpClient client = new() { NoDelay = true };
    await client.ConnectAsync("127.0.0.1", port);
    Stream stream = client.GetStream();
    if (tls)
    {
#pragma warning disable CA5359 // The certificate is not what is measured.
        SslStream secure = new(stream, leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await secure.AuthenticateAsClientAsync("localhost");
        stream = secure;
    }
    byte[] buffer = new byte[1 << 20];
    await CommandAsync($"LOGIN {user} {password}");
    await TimeAsync("SELECT INBOX");
    string[] commands =
    [
        "SEARCH RETURN (COUNT) UNSEEN", "SEARCH RETURN (MIN) UNANSWERED", "SEARCH RETURN (COUNT) SUBJECT invoice", "SORT (ARRIVAL) UTF-8 ALL", "SORT (DATE) UTF-8 ALL", "SORT (SUBJECT DATE) UTF-8 ALL", "SORT (REVERSE DISPLAYFROM SIZE) UTF-8 ALL",
        "THREAD ORDEREDSUBJECT UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL", "THREAD REFS UTF-8 ALL", "SORT (SUBJECT) UTF-8 99000:*",
    ];
    foreach (string command in commands)
    {
        for (int round = 0; round < rounds; round++)
        {
            await TimeAsync(command);
        }
    }

    async Task TimeAsync(string command)
    {
        var watch = Stopwatch.StartNew();
        long octets = await CommandAsync(command);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{command}: {watch.Elapsed.TotalMilliseconds:F1} ms, {octets} octets"));
    }

    // The last line is told by its tag; all before it is only counted.
    async Task<long> CommandAsync(string command)
    {
        string tag = $"t{Stopwatch.GetTimestamp()}";
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"{tag} {command}\r\n"));
        StringBuilder tail = new();
        long total = 0;
        while (true)
        {
            int read = await stream.ReadAsync(buffer);
            if (read == 0)
            {
                throw new IOException("the server closed");
            }
            total += read;
            tail.Append(Encoding.ASCII.GetString(buffer, Math.Max(0, read - 2000), Math.Min(read, 2000)));
            tail.Remove(0, Math.Max(0, tail.Length - 4000));
            string text = "\n" + tail;
            int at = text.IndexOf($"\n{tag} ", StringComparison.Ordinal) + 1;
            if (at > 0 && text.EndsWith("\r\n", StringComparison.Ordinal))
            {
                return text[at..].StartsWith($"{tag} OK", StringComparison.Ordinal) ? total : throw new IOException(text[at..]);
            }
        }
    }
}
