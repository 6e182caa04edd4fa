using MailAccess.Store.Files;
using MailAccess.Store.Index;

namespace MailAccess.Store.Maildir;

/// <summary>
/// The file <c>dovecot-uidlist</c> of one mailbox while we have it: what in it is not ours is carried along, and what another program
/// writes to it is noticed. Under the lock of <see cref="MailboxFiles"/>.
/// </summary>
/// <remarks>
/// A list that we wrote has a time of whole seconds, that of the index it was made with. Any other time means that another program
/// (Dovecot, between two runs of ours) may have given out UIDs: the list is read and they are taken over. A wrong guess only costs the reading.
/// </remarks>
internal sealed class UidListFile(IFiles files, string folder)
{
    public const string FileName = "dovecot-uidlist";

    private readonly string _path = Path.Combine(folder, FileName);
    private readonly string _indexPath = Path.Combine(folder, IndexFile.IndexName);
    private FileFacts _known;
    private string _headerFields = "";
    private IReadOnlyDictionary<Uid, string>? _fields;

    /// <summary>True where nobody but us has written the list since the index was folded.</summary>
    public bool IsAsWeLeftIt() =>
        files.TryStat(_path, out FileFacts list) && files.TryStat(_indexPath, out FileFacts index)
        && list.ModifiedTicks % TimeSpan.TicksPerSecond == 0
        && list.ModifiedTicks == index.ModifiedTicks - (index.ModifiedTicks % TimeSpan.TicksPerSecond);

    /// <summary>The list, where there is one and it was written since we last looked.</summary>
    public UidList? ReadNews()
    {
        if (!files.TryStat(_path, out FileFacts facts) || facts == _known)
        {
            return null;
        }
        return Read();
    }

    /// <summary>The list as it is, or null.</summary>
    public UidList? Read()
    {
        bool exists = files.TryStat(_path, out FileFacts facts);
        UidList? list = exists && files.ReadAll(_path) is { } content ? UidList.Parse(content) : null;
        _known = facts;
        _fields = list?.Fields ?? new Dictionary<Uid, string>();
        _headerFields = list?.HeaderFields ?? "";
        return list;
    }

    /// <summary>Nothing of the list is needed now: it is read when something is.</summary>
    public void Trust() => _known = files.TryStat(_path, out FileFacts facts) ? facts : default;

    /// <summary>The fields of the entries that have any.</summary>
    public IReadOnlyDictionary<Uid, string> Fields()
    {
        if (_fields is null || (files.TryStat(_path, out FileFacts facts) && facts != _known))
        {
            Read();
        }
        return _fields!;
    }

    /// <summary>Durable. After the index was written.</summary>
    public void Write(IndexState state, IReadOnlyDictionary<Uid, string>? fields = null) => Write(IndexContent.Of(state), state.Names, fields);

    /// <inheritdoc cref="Write(IndexState, IReadOnlyDictionary{Uid, string}?)"/>
    public void Write(IndexContent content, NamesHeap names, IReadOnlyDictionary<Uid, string>? fields = null)
    {
        fields ??= Fields();
        MailboxSnapshot now = content.Snapshot;
        List<(Uid, string)> entries = new(now.Count);
        for (int i = 0; i < now.Count; i++)
        {
            entries.Add((now[i].Uid, names[Locator.Of(now[i]).NamePlace]));
        }
        var list = new UidList
        {
            UidValidity = now.UidValidity,
            UidNext = now.UidNext,
            Guid = content.Guid,
            HeaderFields = _headerFields,
            Entries = entries,
            Fields = fields,
        };
        files.Replace(_path, list.Format());
        _known = files.TryStat(_path, out FileFacts facts) ? facts : default;
        Stamp();
        _fields = fields.Count == 0 ? fields : entries.Where(e => fields.ContainsKey(e.Item1)).ToDictionary(e => e.Item1, e => fields[e.Item1]);
    }

    /// <summary>The list, as we know it, goes with the index that was just written.</summary>
    public void Stamp()
    {
        if (files.TryStat(_path, out FileFacts facts) && facts == _known
            && files.TryStat(_indexPath, out FileFacts index) && files.Open(_path, OpenKind.Write) is { } file)
        {
            using (file)
            {
                file.SetModified((index.ModifiedTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerSecond);
            }
            _known = files.TryStat(_path, out facts) ? facts : default;
        }
    }
}
