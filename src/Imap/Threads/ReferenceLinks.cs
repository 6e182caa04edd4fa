using MailAccess.Imap.Sorting;

namespace MailAccess.Imap.Threads;

/// <summary>
/// Which message is whose parent by References, In-Reply-To and Message-ID: step 1 of THREAD=REFERENCES. RFC 5256 §3.
/// </summary>
/// <remarks>
/// Time is linear but for a logarithm where a link might close a loop; nothing recurses. Message-ids are compared by 64 bits of their hash.
/// </remarks>
internal sealed class ReferenceLinks
{
    private const int None = -1;

    private readonly Dictionary<ulong, int> _nodeOf = [];
    private readonly AncestryForest _forest = new();
    private readonly List<int> _messageOf = [];
    private readonly List<int> _parentOf = [];
    private readonly List<int> _childCount = [];

    /// <summary>Links the messages in the order of their numbers.</summary>
    public ReferenceLinks(MessageKeys keys)
    {
        for (int message = 0; message < keys.Count; message++)
        {
            // (A) Each reference is the parent of the next.
            int last = None;
            foreach (ulong id in keys.ReferencesOf(message))
            {
                int node = NodeOf(id);
                if (last != None && _parentOf[node] == None)
                {
                    LinkUnlessLoop(node, last);
                }
                last = node;
            }
            // (B) And the last one is the message's, whatever others said of it: none, if it names none.
            int own = NodeOfMessage(keys[message].MessageId, message);
            if (_parentOf[own] != last || last == None)
            {
                Unlink(own);
                if (last != None)
                {
                    LinkUnlessLoop(own, last);
                }
            }
        }
    }

    /// <summary>Nodes: messages and ids that are only referred to.</summary>
    public int Count => _parentOf.Count;

    /// <summary>The position of the node's message; -1 for a dummy.</summary>
    public int MessageOf(int node) => _messageOf[node];

    /// <summary>A node, or -1.</summary>
    public int ParentOf(int node) => _parentOf[node];

    private int NodeOf(ulong id)
    {
        if (!_nodeOf.TryGetValue(id, out int node))
        {
            node = Add(None);
            _nodeOf.Add(id, node);
        }
        return node;
    }

    /// <summary>Where a message has no id, or that of an earlier one, it gets one that nobody refers to.</summary>
    private int NodeOfMessage(ulong id, int message)
    {
        if (id == 0)
        {
            return Add(message);
        }
        int node = NodeOf(id);
        if (_messageOf[node] != None)
        {
            return Add(message);
        }
        _messageOf[node] = message;
        return node;
    }

    private int Add(int message)
    {
        _messageOf.Add(message);
        _parentOf.Add(None);
        _childCount.Add(0);
        return _forest.Add();
    }

    /// <summary>The node has no parent: the link closes a loop exactly if the node is the root above its parent-to-be.</summary>
    private void LinkUnlessLoop(int node, int parent)
    {
        bool isLoop = node == parent || (_childCount[node] > 0 && _forest.RootOf(parent) == node);
        if (!isLoop)
        {
            _forest.Link(node, parent);
            _parentOf[node] = parent;
            _childCount[parent]++;
        }
    }

    private void Unlink(int node)
    {
        if (_parentOf[node] != None)
        {
            _forest.Cut(node);
            _childCount[_parentOf[node]]--;
            _parentOf[node] = None;
        }
    }
}
