using System.Globalization;

namespace MailAccess.EndToEnd.Stress;

/// <summary>Another mail program on the Maildir of INBOX: delivers, changes flags, removes.</summary>
internal sealed class StressNeighbour(StressLedger ledger, Random random, string maildir)
{
    private int _delivered;

    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            switch (random.Next(3))
            {
                case 0:
                    await DeliverAsync();
                    break;
                case 1:
                    ChangeFlag();
                    break;
                default:
                    await RemoveAsync();
                    break;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(5), TimeProvider.System, CancellationToken.None);
        }
    }

    private async Task DeliverAsync()
    {
        int token = ledger.NewToken();
        string name = string.Create(CultureInfo.InvariantCulture, $"{1_800_000_000 + ++_delivered}.P{token}.neighbour");
        string waiting = Path.Combine(maildir, "tmp", name);
        await File.WriteAllTextAsync(waiting, $"X-Stress: {token}\nSubject: from beside\n\n{new string('y', random.Next(500))}\n", CancellationToken.None);
        File.Move(waiting, Path.Combine(maildir, "new", name));
        ledger.Acknowledged(token);
    }

    private void ChangeFlag()
    {
        if (Some("cur") is { } path && path.LastIndexOf(":2,", StringComparison.Ordinal) is > 0 and int at)
        {
            string letters = path[(at + 3)..];
            letters = letters.Contains('F', StringComparison.Ordinal) ? letters.Replace("F", "", StringComparison.Ordinal) : string.Concat((letters + "F").Order());
            Try(() => File.Move(path, path[..(at + 3)] + letters));
        }
    }

    private async Task RemoveAsync()
    {
        if (Some("cur") is { } path)
        {
            string first = "";
            try
            {
                using StreamReader reader = new(path);
                first = await reader.ReadLineAsync(CancellationToken.None) ?? "";
            }
            catch (IOException)
            {
                return; // Its name has changed, or it is gone.
            }
            if (first.StartsWith("X-Stress: ", StringComparison.Ordinal)
                && StressLedger.KindOf(int.Parse(first.AsSpan(10), CultureInfo.InvariantCulture)) == StressKind.Deletable)
            {
                Try(() => File.Delete(path));
            }
        }
    }

    private string? Some(string folder)
    {
        string[] files = Directory.GetFiles(Path.Combine(maildir, folder));
        return files.Length == 0 ? null : files[random.Next(files.Length)];
    }

    private static void Try(Action work)
    {
        try
        {
            work();
        }
        catch (IOException)
        {
            // Somebody else was quicker.
        }
    }
}
