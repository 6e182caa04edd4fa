using MailAccess.Imap.Sorting;

namespace MailAccess.Imap.Threads;

/// <summary>Threads that have one base subject become one: steps 4 to 6 of THREAD=REFERENCES. RFC 5256 §3.</summary>
internal sealed class SubjectMerge
{
    private const int None = -1;

    private readonly MessageKeys _keys;
    private readonly int[] _order;
    private readonly int[] _placeOf;
    private readonly List<int> _parentOf;
    private readonly List<List<int>> _childrenOfDummies = [];
    private readonly Dictionary<int, int> _table = [];

    /// <param name="keys">Of the messages.</param>
    /// <param name="parentOf">Of the messages, and behind them of the dummies, which have none.</param>
    /// <param name="dummies">Number of dummies.</param>
    /// <param name="order">The messages by sent date.</param>
    public SubjectMerge(MessageKeys keys, int[] parentOf, int dummies, int[] order)
    {
        _keys = keys;
        _order = order;
        _parentOf = [.. parentOf];
        _placeOf = new int[keys.Count];
        for (int place = 0; place < order.Length; place++)
        {
            _placeOf[order[place]] = place;
        }
        for (int i = 0; i < dummies; i++)
        {
            _childrenOfDummies.Add([]);
        }
        foreach (int message in order)
        {
            if (IsDummy(parentOf[message]))
            {
                ChildrenOf(parentOf[message]).Add(message); // By sent date, so that the first is the one that counts: step 4.
            }
        }
    }

    /// <summary>Once.</summary>
    public ThreadForest Merge()
    {
        List<int> roots = RootsInOrder();
        int[] subjects = [.. roots.Select(r => _keys[FirstOf(r)].BaseSubject)];
        // (B) Which message stands for a subject.
        for (int i = 0; i < roots.Count; i++)
        {
            if (subjects[i] != 0 && (!_table.TryGetValue(subjects[i], out int known) || IsBetter(roots[i], known)))
            {
                _table[subjects[i]] = roots[i];
            }
        }
        // (C) The others join it.
        for (int i = 0; i < roots.Count; i++)
        {
            if (subjects[i] != 0 && _table[subjects[i]] is int known && known != roots[i])
            {
                Join(roots[i], known, subjects[i]);
            }
        }
        return new ThreadForest(_keys.Count, _parentOf.Count, [.. _parentOf], _order, [.. RootsInOrder()]);
    }

    private bool IsDummy(int node) => node >= _keys.Count;

    private List<int> ChildrenOf(int dummy) => _childrenOfDummies[dummy - _keys.Count];

    /// <summary>The message, or the dummy's first child.</summary>
    private int FirstOf(int root) => IsDummy(root) ? ChildrenOf(root).MinBy(c => _placeOf[c]) : root;

    private List<int> RootsInOrder()
    {
        List<int> roots = [.. Enumerable.Range(0, _parentOf.Count).Where(n => _parentOf[n] == None && !(IsDummy(n) && ChildrenOf(n).Count == 0))];
        int[] places = [.. roots.Select(r => _placeOf[FirstOf(r)])];
        int[] sorted = [.. roots];
        Array.Sort(places, sorted);
        return [.. sorted];
    }

    /// <summary>A dummy is better than a message, and what is no reply is better than a reply.</summary>
    private bool IsBetter(int root, int known) =>
        !IsDummy(known) && (IsDummy(root) || (_keys[known].IsReply && !_keys[root].IsReply));

    private void Join(int root, int known, int subject)
    {
        if (IsDummy(root) && IsDummy(known))
        {
            foreach (int child in ChildrenOf(root))
            {
                SetParent(child, known);
            }
            ChildrenOf(root).Clear(); // It is no more.
        }
        else if (IsDummy(known) || (_keys[root].IsReply && !_keys[known].IsReply))
        {
            SetParent(root, known);
        }
        else
        {
            int dummy = _parentOf.Count;
            _parentOf.Add(None);
            _childrenOfDummies.Add([]);
            SetParent(root, dummy);
            SetParent(known, dummy);
            _table[subject] = dummy;
        }
    }

    private void SetParent(int message, int parent)
    {
        _parentOf[message] = parent;
        if (IsDummy(parent))
        {
            ChildrenOf(parent).Add(message);
        }
    }
}
