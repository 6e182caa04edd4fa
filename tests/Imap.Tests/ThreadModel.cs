using System.Text;
using MailAccess.Message;

namespace MailAccess.Imap.Tests;

/// <summary>A message as threading sees it.</summary>
internal sealed record ThreadSample(int Number, string? Id, string[] References, string Subject, bool IsReply, long Sent, long Arrived);

/// <summary>RFC 5256 §3 word for word, with objects and recursion: slow, and obviously what the text says. The real code is compared with it.</summary>
internal sealed class ThreadModel
{
    private readonly Node _root = new();
    private readonly Dictionary<string, Node> _byId = [];

    private ThreadModel(IReadOnlyList<ThreadSample> messages)
    {
        List<Node> all = [];
        Node Find(string id)
        {
            if (!_byId.TryGetValue(id, out Node? node))
            {
                _byId.Add(id, node = new Node());
                all.Add(node);
            }
            return node;
        }
        foreach (ThreadSample message in messages)
        {
            // (1)(A)
            for (int i = 1; i < message.References.Length; i++)
            {
                Node parent = Find(message.References[i - 1]);
                Node child = Find(message.References[i]);
                if (child.Parent is null && !child.Holds(parent))
                {
                    child.MoveTo(parent);
                }
            }
            // (1)(B)
            Node? last = message.References.Length > 0 ? Find(message.References[^1]) : null;
            Node own = message.Id is not null && Find(message.Id) is { Message: null } free ? free : new Node();
            if (!all.Contains(own))
            {
                all.Add(own);
            }
            own.Message = message;
            own.MoveTo(null);
            if (last is not null && !own.Holds(last))
            {
                own.MoveTo(last);
            }
        }
        // (2)
        foreach (Node node in all.Where(n => n.Parent is null))
        {
            node.MoveTo(_root);
        }
        // (3)
        Prune(_root, isRoot: true);
    }

    public static string References(IReadOnlyList<ThreadSample> messages)
    {
        ThreadModel model = new(messages);
        // (4)
        model._root.Children.ForEach(c => c.Children.Sort(Node.BySent));
        model._root.Children.Sort(Node.BySent);
        model.MergeSubjects();
        // (6)
        model._root.Sort();
        return model.ToString();
    }

    public static string Refs(IReadOnlyList<ThreadSample> messages)
    {
        ThreadModel model = new(messages);
        model._root.Sort();
        model._root.Children.Sort((a, b) => a.Latest().CompareTo(b.Latest()));
        return model.ToString();
    }

    public static string OrderedSubject(IReadOnlyList<ThreadSample> messages)
    {
        IEnumerable<ThreadSample[]> threads = messages.GroupBy(m => TextMatcher.Fold(m.Subject))
            .Select(g => g.OrderBy(m => m.Sent).ThenBy(m => m.Number).ToArray())
            .OrderBy(t => t[0].Sent).ThenBy(t => t[0].Number);
        return string.Concat(threads.Select(t => t.Length switch
        {
            1 => $"({t[0].Number})",
            2 => $"({t[0].Number} {t[1].Number})",
            _ => $"({t[0].Number} {string.Concat(t[1..].Select(m => $"({m.Number})"))})",
        }));
    }

    public override string ToString() => string.Concat(_root.Children.Select(c => $"({c.Members()})"));

    private static void Prune(Node node, bool isRoot)
    {
        foreach (Node child in node.Children.ToArray())
        {
            Prune(child, isRoot: false);
            if (child.Message is null && (child.Children.Count == 0 || !isRoot || child.Children.Count == 1))
            {
                child.Children.ToList().ForEach(c => c.MoveTo(node));
                child.MoveTo(null);
            }
        }
    }

    private void MergeSubjects()
    {
        Dictionary<string, Node> table = [];
        string SubjectOf(Node node) => TextMatcher.Fold((node.Message ?? node.Children[0].Message!).Subject);
        List<(Node Node, string Subject)> roots = [.. _root.Children.Select(c => (c, SubjectOf(c)))];
        foreach ((Node current, string subject) in roots.Where(r => r.Subject.Length > 0))
        {
            if (!table.TryGetValue(subject, out Node? known)
                || (known.Message is not null && (current.Message is null || (known.Message.IsReply && !current.Message.IsReply))))
            {
                table[subject] = current;
            }
        }
        foreach ((Node current, string subject) in roots.Where(r => r.Subject.Length > 0))
        {
            Node known = table[subject];
            if (known == current)
            {
                continue;
            }
            if (known.Message is null && current.Message is null)
            {
                current.Children.ToList().ForEach(c => c.MoveTo(known));
                current.MoveTo(null);
            }
            else if (known.Message is null || (current.Message is { IsReply: true } && !known.Message.IsReply))
            {
                current.MoveTo(known);
            }
            else
            {
                Node dummy = new();
                dummy.MoveTo(_root);
                current.MoveTo(dummy);
                known.MoveTo(dummy);
                table[subject] = dummy;
            }
        }
    }

    private sealed class Node
    {
        public ThreadSample? Message { get; set; }

        public Node? Parent { get; private set; }

        public List<Node> Children { get; } = [];

        public static int BySent(Node a, Node b)
        {
            ThreadSample left = a.Message ?? a.Children[0].Message!;
            ThreadSample right = b.Message ?? b.Children[0].Message!;
            return (left.Sent, left.Number).CompareTo((right.Sent, right.Number));
        }

        public bool Holds(Node other) => other == this || Children.Exists(c => c.Holds(other));

        public void MoveTo(Node? parent)
        {
            Parent?.Children.Remove(this);
            Parent = parent;
            parent?.Children.Add(this);
        }

        public void Sort()
        {
            Children.ForEach(c => c.Sort());
            Children.Sort(BySent);
        }

        public (long, int) Latest() =>
            Children.Select(c => c.Latest()).Append(Message is null ? (long.MinValue, 0) : (Message.Arrived, Message.Number)).Max();

        public string Members()
        {
            StringBuilder text = new(Message?.Number.ToString(System.Globalization.CultureInfo.InvariantCulture));
            if (Children.Count == 1 && Message is not null)
            {
                return text.Append(' ').Append(Children[0].Members()).ToString();
            }
            text.Append(Children.Count > 0 && Message is not null ? " " : "");
            Children.ForEach(c => text.Append('(').Append(c.Members()).Append(')'));
            return text.ToString();
        }
    }
}
