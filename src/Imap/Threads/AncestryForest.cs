namespace MailAccess.Imap.Threads;

/// <summary>
/// Trees that are joined and parted, and in which the root above a node is found in logarithmic time (amortized), however deep they are:
/// the link-cut trees of Sleator and Tarjan, over splay trees.
/// </summary>
/// <remarks>Each path of a tree is a splay tree ordered by depth; the root of a splay tree knows the node that its path hangs below.</remarks>
internal sealed class AncestryForest
{
    private const int None = -1;

    private int[] _left = [];
    private int[] _right = [];
    private int[] _up = [];
    private int _count;

    /// <summary>Adds a tree of one node; its number.</summary>
    public int Add()
    {
        if (_count == _up.Length)
        {
            int size = Math.Max(64, _count * 2);
            Array.Resize(ref _left, size);
            Array.Resize(ref _right, size);
            Array.Resize(ref _up, size);
        }
        _left[_count] = _right[_count] = _up[_count] = None;
        return _count++;
    }

    /// <summary>Hangs a root, with all below it, under a node of another tree.</summary>
    public void Link(int root, int parent)
    {
        Access(root);
        _up[root] = parent;
    }

    /// <summary>Takes a node that is no root, with all below it, off its parent.</summary>
    public void Cut(int node)
    {
        Access(node);
        _up[_left[node]] = None;
        _left[node] = None;
    }

    /// <summary>The root of the node's tree.</summary>
    public int RootOf(int node)
    {
        Access(node);
        while (_left[node] != None)
        {
            node = _left[node];
        }
        Splay(node); // What was looked at becomes near: that is what bounds the cost.
        return node;
    }

    /// <summary>Makes the path from the root to the node one splay tree, with the node at its top.</summary>
    private void Access(int node)
    {
        int below = None;
        for (int at = node; at != None; at = _up[at])
        {
            Splay(at);
            _right[at] = below;
            below = at;
        }
        Splay(node);
    }

    private bool IsTop(int node) => _up[node] is int up && (up == None || (_left[up] != node && _right[up] != node));

    private void Splay(int node)
    {
        while (!IsTop(node))
        {
            int parent = _up[node];
            if (!IsTop(parent))
            {
                bool isStraight = (_left[parent] == node) == (_left[_up[parent]] == parent);
                Rotate(isStraight ? parent : node);
            }
            Rotate(node);
        }
    }

    private void Rotate(int node)
    {
        int parent = _up[node];
        int above = _up[parent];
        if (!IsTop(parent))
        {
            (_left[above] == parent ? ref _left[above] : ref _right[above]) = node;
        }
        bool isLeft = _left[parent] == node;
        ref int inner = ref (isLeft ? ref _right[node] : ref _left[node]);
        (isLeft ? ref _left[parent] : ref _right[parent]) = inner;
        if (inner != None)
        {
            _up[inner] = parent;
        }
        inner = parent;
        _up[parent] = node;
        _up[node] = above;
    }
}
