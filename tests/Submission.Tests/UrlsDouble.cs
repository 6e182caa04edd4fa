using System.Text;
using MailAccess.Auth;

namespace MailAccess.Submission.Tests;

/// <summary>URLs and what they name, in memory; some of them do not work. Gives its octets a few at a time.</summary>
internal sealed class UrlsDouble : IMessageUrls
{
    private const int OctetsAtOnce = 7;

    public Dictionary<string, string> Contents { get; } = [];

    public Dictionary<string, MessageUrlProblem> Problems { get; } = [];

    /// <summary>What they name is half gone when it is read.</summary>
    public HashSet<string> Cut { get; } = [];

    /// <summary>The account that may not use BURL.</summary>
    public string? OffFor { get; set; }

    /// <summary>URLs that were resolved.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>Contents that nobody has disposed of.</summary>
    public int Open { get; private set; }

    public string? OfferTo(Account account) => account.Name == OffFor ? null : "imap imap://mail.example.test";

    public ValueTask<MessageUrlResult> OpenAsync(ReadOnlyMemory<byte> url, Account account, CancellationToken cancellationToken)
    {
        string text = Encoding.ASCII.GetString(url.Span);
        Asked.Add(text);
        if (Problems.TryGetValue(text, out MessageUrlProblem problem))
        {
            return new(problem == MessageUrlProblem.None ? throw new IOException("the disk is broken") : new MessageUrlResult(null, problem));
        }
        if (!Contents.TryGetValue(text, out string? content))
        {
            return new(new MessageUrlResult(null, MessageUrlProblem.NotAvailable));
        }
        Open++;
        return new(new MessageUrlResult(new Content(this, Encoding.UTF8.GetBytes(content), Cut.Contains(text)), MessageUrlProblem.None));
    }

    private sealed class Content(UrlsDouble urls, byte[] octets, bool isCut) : IUrlContent
    {
        public long Octets => octets.Length;

        public ValueTask<int> ReadAsync(long offset, Memory<byte> destination, CancellationToken cancellationToken)
        {
            int end = isCut ? octets.Length / 2 : octets.Length;
            int count = Math.Clamp(end - (int)offset, 0, Math.Min(OctetsAtOnce, destination.Length));
            octets.AsMemory((int)offset, count).CopyTo(destination);
            return new(count);
        }

        public ValueTask DisposeAsync()
        {
            urls.Open--;
            return default;
        }
    }
}
