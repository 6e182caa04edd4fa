using System.Diagnostics;
using MailAccess.Imap.Sorting;

namespace MailAccess.Imap.Threads;

/// <summary>thread-alg — RFC 5256 §5, and the draft that REFS comes from.</summary>
internal enum ThreadAlgorithm
{
    /// <summary>By base subject alone.</summary>
    OrderedSubject,
    /// <summary>By references, then by base subject.</summary>
    References,
    /// <summary>By references alone; the thread with the latest arrival stands last.</summary>
    Refs,
}

/// <summary>Puts messages into threads. RFC 5256 §3.</summary>
internal static class MessageThreads
{
    private const int None = -1;

    /// <summary>Threads the messages of the keys.</summary>
    public static ThreadForest Build(MessageKeys keys, ThreadAlgorithm algorithm) => algorithm switch
    {
        ThreadAlgorithm.OrderedSubject => BySubject(keys),
        ThreadAlgorithm.References => new SubjectMerge(keys, PrunedParents(keys, out int dummies), dummies, BySentDate(keys)).Merge(),
        ThreadAlgorithm.Refs => ByReferences(keys),
        _ => throw new UnreachableException($"{algorithm} is not known"),
    };

    /// <summary>
    /// ORDEREDSUBJECT: whoever has a base subject first is the parent of all others that have it. What is taken in the order of sent dates
    /// is in that order everywhere.
    /// </summary>
    private static ThreadForest BySubject(MessageKeys keys)
    {
        int[] order = BySentDate(keys);
        int[] parentOf = new int[keys.Count];
        List<int> roots = [];
        Dictionary<int, int> firstOf = [];
        foreach (int message in order)
        {
            bool isFirst = firstOf.TryAdd(keys[message].BaseSubject, message);
            parentOf[message] = isFirst ? None : firstOf[keys[message].BaseSubject];
            if (isFirst)
            {
                roots.Add(message);
            }
        }
        return new ThreadForest(keys.Count, keys.Count, parentOf, order, [.. roots]);
    }

    /// <summary>
    /// draft-ietf-morg-inthread §4: as REFERENCES without its step 5, and instead of its step 4 threads are sorted by the latest
    /// internal date in them.
    /// </summary>
    private static ThreadForest ByReferences(MessageKeys keys)
    {
        int[] parentOf = PrunedParents(keys, out int dummies);
        int[] latest = LatestArrivals(keys, parentOf);
        List<int> roots = [];
        for (int node = 0; node < parentOf.Length; node++)
        {
            if (parentOf[node] == None)
            {
                roots.Add(node);
            }
        }
        roots.Sort((a, b) => latest[a].CompareTo(latest[b]));
        return new ThreadForest(keys.Count, keys.Count + dummies, parentOf, BySentDate(keys), [.. roots]);
    }

    /// <summary>For each root, the place of its latest arrival in the order of arrivals.</summary>
    private static int[] LatestArrivals(MessageKeys keys, int[] parentOf)
    {
        int[] rootOf = new int[parentOf.Length];
        Array.Fill(rootOf, None);
        int[] latest = new int[parentOf.Length];
        List<int> path = [];
        int place = 0;
        foreach (int message in InOrder(keys.Count, i => keys.RecordOf(i).InternalDateSeconds))
        {
            int at = message;
            while (rootOf[at] == None && parentOf[at] != None)
            {
                path.Add(at);
                at = parentOf[at];
            }
            int root = rootOf[at] == None ? at : rootOf[at];
            path.ForEach(n => rootOf[n] = root);
            path.Clear();
            latest[root] = place++;
        }
        return latest;
    }

    /// <summary>
    /// Steps 2 and 3: the parents of messages, once dummies are gone whose children can take their place. Those that remain have no parent
    /// and two children at least; their numbers are behind those of the messages.
    /// </summary>
    private static int[] PrunedParents(MessageKeys keys, out int dummies)
    {
        ReferenceLinks links = new(keys);
        int[] parentOf = new int[keys.Count];
        int[] above = AboveOf(links);
        int[] childrenOf = new int[links.Count]; // Of dummies without a parent: what has come up to them.
        for (int node = 0; node < above.Length; node++)
        {
            if (links.MessageOf(node) != None && above[node] != None && links.MessageOf(above[node]) == None)
            {
                childrenOf[above[node]]++;
            }
        }
        int[] numberOf = new int[links.Count];
        dummies = 0;
        for (int node = 0; node < above.Length; node++)
        {
            numberOf[node] = links.MessageOf(node) is int message and not None ? message
                : childrenOf[node] > 1 ? keys.Count + dummies++
                : None; // An only child is not kept from the root.
        }
        for (int node = 0; node < above.Length; node++)
        {
            if (links.MessageOf(node) is int message and not None)
            {
                parentOf[message] = above[node] == None ? None : numberOf[above[node]];
            }
        }
        Array.Resize(ref parentOf, keys.Count + dummies);
        Array.Fill(parentOf, None, keys.Count, dummies);
        return parentOf;
    }

    /// <summary>For each node the nearest message above it, else the dummy at the top, else none.</summary>
    private static int[] AboveOf(ReferenceLinks links)
    {
        const int Unknown = -2;
        int[] above = new int[links.Count];
        Array.Fill(above, Unknown);
        Stack<int> path = [];
        for (int start = 0; start < above.Length; start++)
        {
            for (int node = start; node != None && above[node] == Unknown; node = links.ParentOf(node))
            {
                path.Push(node);
            }
            while (path.TryPop(out int node))
            {
                int parent = links.ParentOf(node);
                above[node] = parent == None || links.MessageOf(parent) != None || above[parent] == None ? parent : above[parent];
            }
        }
        return above;
    }

    private static int[] BySentDate(MessageKeys keys) => InOrder(keys.Count, keys.SentSecondsOf);

    /// <summary>The positions by a number, and where that is the same in the order of sequence numbers. RFC 5256 §2.2.</summary>
    private static int[] InOrder(int count, Func<int, long> numberOf)
    {
        long[] numbers = new long[count];
        int[] order = new int[count];
        for (int i = 0; i < count; i++)
        {
            numbers[i] = numberOf(i);
            order[i] = i;
        }
        Array.Sort(order, (a, b) => numbers[a] != numbers[b] ? numbers[a].CompareTo(numbers[b]) : a.CompareTo(b));
        return order;
    }
}
