namespace MailAccess.Imap.Threads;

/// <summary>
/// Threads, ready to be written. Nodes below <see cref="Messages"/> are messages, by their position among those found; the others are
/// dummies: siblings whose parent is not there.
/// </summary>
internal sealed class ThreadForest
{
    private readonly int[] _children;
    private readonly int[] _starts;

    /// <param name="messages">Number of messages.</param>
    /// <param name="nodes">Number of nodes.</param>
    /// <param name="parentOf">Of each node; -1 for none.</param>
    /// <param name="order">The messages in the order that siblings shall have.</param>
    /// <param name="roots">The threads in their order.</param>
    public ThreadForest(int messages, int nodes, ReadOnlySpan<int> parentOf, ReadOnlySpan<int> order, int[] roots)
    {
        Messages = messages;
        Roots = roots;
        _starts = new int[nodes + 1];
        for (int i = 0; i < messages; i++)
        {
            if (parentOf[i] >= 0)
            {
                _starts[parentOf[i] + 1]++;
            }
        }
        for (int i = 0; i < nodes; i++)
        {
            _starts[i + 1] += _starts[i];
        }
        int[] next = _starts[..nodes];
        _children = new int[_starts[nodes]];
        foreach (int message in order)
        {
            if (parentOf[message] is int parent and >= 0)
            {
                _children[next[parent]++] = message;
            }
        }
    }

    /// <summary>Number of messages.</summary>
    public int Messages { get; }

    /// <summary>The threads in their order.</summary>
    public int[] Roots { get; }

    /// <summary>In their order.</summary>
    public ReadOnlySpan<int> ChildrenOf(int node) => _children.AsSpan(_starts[node], _starts[node + 1] - _starts[node]);

    /// <summary>It stands for a message that is not there.</summary>
    public bool IsDummy(int node) => node >= Messages;
}
