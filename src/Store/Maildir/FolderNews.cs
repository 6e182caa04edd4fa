using System.Runtime.InteropServices;
using MailAccess.Store.Files;

namespace MailAccess.Store.Maildir;

/// <summary>A name that appeared in <c>new</c> or <c>cur</c> of a mailbox, or went from there, and not by our doing.</summary>
internal readonly record struct FolderEvent(bool IsInNew, bool HasArrived, string Name);

/// <summary>
/// What the kernel tells of a mailbox's folders since they were last compared with its records: what we did ourselves is crossed
/// out, the rest is for <see cref="MailboxRefresh"/>.
/// </summary>
/// <remarks>
/// The kernel queues an event before the call that caused it returns. So whoever announces each change of his own before he makes it,
/// and reads all that is queued, knows what others did up to then. The lock is held for memory only.
/// </remarks>
internal sealed class FolderNews(FolderWatcher watcher, MaildirFolder folder, bool isLocal)
{
    /// <summary>More news than this are not worth a look each.</summary>
    private const int EventsMax = 1024;

    /// <summary>So many changes of our own are announced before we read their echo, lest the kernel's queue overflows.</summary>
    private const int ExpectedMax = 2048;

    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, int> _expected = [];
    private List<FolderEvent> _events = [];
    private bool _isWatched;
    private bool _mustLook = true;
    private bool _hasLost;
    private int _expectedCount;

    public MaildirFolder Folder => folder;

    /// <summary>Other machines cannot change it without this one hearing of it.</summary>
    public bool IsLocal => isLocal;

    /// <summary>Whom to tell. Set once the mailbox is open.</summary>
    public MaildirMailbox? Mailbox { get; set; }

    /// <summary>The kernel's numbers of the watches on <c>new</c> and <c>cur</c>. The watcher's.</summary>
    public (int New, int Cur) Watches { get; set; }

    public bool IsWatched
    {
        get
        {
            lock (_gate)
            {
                return _isWatched;
            }
        }
    }

    /// <summary>Nobody else has changed anything since the last comparison, as far as events were read.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_gate)
            {
                return _isWatched && !_mustLook && _events.Count == 0;
            }
        }
    }

    /// <summary>From now on there are events. What happened before is not known.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _isWatched = true;
            _mustLook = true;
            _hasLost = true;
        }
    }

    /// <summary>There will be no more events.</summary>
    public void End()
    {
        lock (_gate)
        {
            _isWatched = false;
            _events = [];
            _expected.Clear();
        }
    }

    /// <summary>Events were lost, or say too much: only a look at the folders helps.</summary>
    public void Lose()
    {
        lock (_gate)
        {
            _mustLook = true;
            _hasLost = true;
            _events = [];
        }
    }

    /// <summary>We are about to make or remove this name.</summary>
    public void Expect(string relativePath, bool arrives)
    {
        if (Count(relativePath, arrives, +1))
        {
            watcher.Drain();
        }
    }

    /// <summary>It was announced, but did not happen.</summary>
    public void ExpectNot(string relativePath, bool arrives) => Count(relativePath, arrives, -1);

    /// <summary>An event. False where it is the echo of our own doing.</summary>
    public bool Add(bool isInNew, bool hasArrived, ReadOnlySpan<byte> name)
    {
        lock (_gate)
        {
            ulong key = KeyOf(isInNew, hasArrived, name);
            if (_expected.TryGetValue(key, out int count))
            {
                if (count == 1)
                {
                    _expected.Remove(key);
                }
                else
                {
                    _expected[key] = count - 1;
                }
                return false;
            }
            if (_events.Count == EventsMax)
            {
                _mustLook = true;
                _hasLost = true;
                _events = [];
            }
            if (!_mustLook || !_hasLost)
            {
                _events.Add(new FolderEvent(isInNew, hasArrived, OctetText.Decode(name)));
            }
            return true;
        }
    }

    /// <summary>
    /// The news so far; null where only a look helps. Under the lock of <see cref="MailboxFiles"/> and after all events were read, so nothing of
    /// our own is under way. Until <see cref="Settled"/> is called, the next one must look.
    /// </summary>
    public IReadOnlyList<FolderEvent>? Take()
    {
        lock (_gate)
        {
            _expected.Clear(); // All that we did has had its echo. What is left never happened.
            _expectedCount = 0;
            List<FolderEvent>? taken = _isWatched && !_mustLook ? _events : null;
            _events = [];
            _mustLook = true;
            _hasLost = false;
            return taken;
        }
    }

    /// <summary>Some event since then names this message, or events were lost.</summary>
    public bool Names(string baseName)
    {
        lock (_gate)
        {
            return _isWatched && (_hasLost || _events.Exists(e => FileName.TryParse(e.Name, out FileName name) && name.Base == baseName));
        }
    }

    /// <summary>The records are as the folders were when the news were taken.</summary>
    public void Settled()
    {
        lock (_gate)
        {
            _mustLook = _hasLost;
        }
    }

    /// <summary>True where it is time to read events.</summary>
    private bool Count(string relativePath, bool arrives, int sign)
    {
        if (!relativePath.StartsWith("new/", StringComparison.Ordinal) && !relativePath.StartsWith("cur/", StringComparison.Ordinal))
        {
            return false;
        }
        Span<byte> name = stackalloc byte[1024];
        if (!System.Text.Encoding.UTF8.TryGetBytes(relativePath.AsSpan(4), name, out int length))
        {
            return false; // Longer than any file's name.
        }
        ulong key = KeyOf(relativePath[0] == 'n', arrives, name[..length]);
        lock (_gate)
        {
            if (!_isWatched)
            {
                return false;
            }
            ref int count = ref CollectionsMarshal.GetValueRefOrAddDefault(_expected, key, out _);
            count += sign;
            if (count <= 0)
            {
                _expected.Remove(key);
            }
            if (++_expectedCount < ExpectedMax)
            {
                return false;
            }
            _expectedCount = 0;
            return true;
        }
    }

    private static ulong KeyOf(bool isInNew, bool hasArrived, ReadOnlySpan<byte> name) =>
        NameHash.Of(name) ^ (isInNew ? 0x5851_F42D_4C95_7F2DUL : 0) ^ (hasArrived ? 0x1405_7B7E_F767_814FUL : 0);
}
