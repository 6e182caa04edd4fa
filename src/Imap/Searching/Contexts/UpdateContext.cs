using MailAccess.Imap.Grammar;
using MailAccess.Imap.Notifying;
using MailAccess.Imap.Responses;
using MailAccess.Imap.Sorting;
using MailAccess.Store;

namespace MailAccess.Imap.Searching.Contexts;

/// <summary>
/// The result of a SEARCH or SORT with UPDATE as the client knows it, told by ADDTO and REMOVEFROM what becomes of it. RFC 5267 §4.3.
/// </summary>
/// <remarks>
/// Four octets a message. A change costs a search of the messages that have changed; only where some of them join or leave, the result is
/// passed through once. Results of SEARCH are in the mailbox's order, so that positions need not be told; those of SORT are told with their
/// positions, removals from the last to the first and additions from the first to the last, so that none shifts another.
/// </remarks>
internal sealed class UpdateContext
{
    private readonly ImapServices _services;
    private readonly SearchKey _key;
    private readonly SortProgram? _order;
    private readonly SearchCorrelator _correlator;
    private readonly bool _followsFlags;
    private readonly uint[] _ages;
    private readonly FetchPlan? _arrivalItems;
    private List<Uid> _results;
    private long _asOfSeconds;

    /// <param name="services">What all sessions share.</param>
    /// <param name="request">What was asked.</param>
    /// <param name="target">Where.</param>
    /// <param name="found">What was told, in its order.</param>
    /// <param name="correlator">What it answers to.</param>
    public UpdateContext(ImapServices services, SearchRequest request, SearchTarget target, List<int> found, SearchCorrelator correlator)
    {
        _services = services;
        _key = SearchPlan.Freeze(Fuzziness.Loosen(request.Key), target);
        _order = request.Order;
        _arrivalItems = request.Options?.ArrivalItems;
        _correlator = correlator;
        _followsFlags = _key.Leaves.Any(k => k is SearchKey.Flag or SearchKey.Keyword or SearchKey.ChangedAt);
        _ages = [.. _key.Leaves.OfType<SearchKey.Within>().Select(w => w.Seconds).Distinct()];
        _results = UidsOf(target.View, found);
        _asOfSeconds = services.Clock.GetUtcNow().ToUnixTimeSeconds();
    }

    /// <summary>What the client calls it.</summary>
    public byte[] Tag => _correlator.Tag;

    /// <summary>Data items are told of new messages that join.</summary>
    public bool AsksArrivals => _arrivalItems is not null;

    /// <summary>Messages in the result.</summary>
    public int Count => _results.Count;

    /// <summary>These messages go; the view still has them, and their numbers.</summary>
    public ValueTask TellExpungedAsync(ImapWriter writer, MailboxSnapshot view, HashSet<Uid> gone) => RemoveAsync(writer, view, PositionsOf(gone));

    /// <summary>These messages are new or have changed, and the client has been told so. An error: the result is not known any more.</summary>
    public async ValueTask<StoreError> TellChangedAsync(
        ImapWriter writer, SearchTarget target, IndexRanges appended, IndexRanges changed, ArrivalReport? arrivals)
    {
        DateTimeOffset now = _services.Clock.GetUtcNow();
        IndexRanges touched = _followsFlags ? appended.Union(changed) : appended;
        touched = touched.Union(AgedUntil(now.ToUnixTimeSeconds(), target.View));
        if (touched.Count == 0)
        {
            return StoreError.None;
        }
        SearchPlan plan = new(_key, target, now);
        plan.NeedsMeasure |= _order is { NeedsMeasure: true };
        SearchRun run = new(target, plan, _services);
        List<Uid> matching = UidsOf(target.View, await run.RunAmongAsync(touched, CancellationToken.None));
        if (run.Error != StoreError.None)
        {
            return run.Error;
        }
        List<int> known = PositionsOf([.. UidsOf(target.View, touched.Indices)]);
        HashSet<Uid> joining = [.. matching];
        joining.ExceptWith(known.Select(p => _results[p]));
        await RemoveAsync(writer, target.View, [.. known.Where(p => matching.BinarySearch(_results[p]) < 0)]);
        if (joining.Count == 0)
        {
            return StoreError.None;
        }
        if (_order is null)
        {
            JoinInMailboxOrder([.. joining.Order()]);
        }
        else if (await JoinInOrderAsync(target, joining, _order) is var error and not StoreError.None)
        {
            return error;
        }
        if (_arrivalItems is not null && arrivals is not null)
        {
            // What joins because its flags have changed is known to the client: RFC 5465 §7.
            IndexRanges joined = IndexRanges.FromRanges([.. appended.Indices.Where(i => joining.Contains(target.View[i].Uid)).Select(i => (i, i))]);
            await arrivals.TellAsync(joined, _arrivalItems);
        }
        await WriteAsync(writer, target.View, "ADDTO", RunsOf(PositionsOf(joining)));
        return StoreError.None;
    }

    /// <summary>Messages that have come to one of the ages, or grown older, since this was last asked; at most once a second there are any.</summary>
    private IndexRanges AgedUntil(long now, MailboxSnapshot view)
    {
        long before = _asOfSeconds;
        _asOfSeconds = now;
        if (_ages.Length == 0 || now == before)
        {
            return IndexRanges.Empty;
        }
        List<(int First, int Last)> aged = [];
        for (int i = 0; i < view.Count; i++)
        {
            long arrived = view[i].InternalDateSeconds;
            if (Array.Exists(_ages, age => arrived >= before - age && arrived <= now - age))
            {
                aged.Add((i, i));
            }
        }
        return IndexRanges.FromRanges(aged);
    }

    private async ValueTask RemoveAsync(ImapWriter writer, MailboxSnapshot view, List<int> positions)
    {
        if (positions.Count == 0)
        {
            return;
        }
        List<(int Start, int Count)> runs = RunsOf(positions);
        runs.Reverse();
        await WriteAsync(writer, view, "REMOVEFROM", runs);
        int position = 0;
        int next = 0;
        _results.RemoveAll(_ =>
        {
            bool isLeaving = next < positions.Count && positions[next] == position;
            position++;
            next += isLeaving ? 1 : 0;
            return isLeaving;
        });
    }

    private void JoinInMailboxOrder(List<Uid> joining)
    {
        if (_results.Count == 0 || _results[^1] < joining[0])
        {
            _results.AddRange(joining); // As new messages do.
            return;
        }
        List<Uid> merged = new(_results.Count + joining.Count);
        int next = 0;
        foreach (Uid uid in _results)
        {
            while (next < joining.Count && joining[next] < uid)
            {
                merged.Add(joining[next++]);
            }
            merged.Add(uid);
        }
        merged.AddRange(joining[next..]);
        _results = merged;
    }

    /// <summary>Few are put in their places one by one; with many all are sorted again.</summary>
    private async ValueTask<StoreError> JoinInOrderAsync(SearchTarget target, HashSet<Uid> joining, SortProgram order)
    {
        if (joining.Count > Math.Max(16, _results.Count / 1024))
        {
            StoreResult<List<int>> sorted = await order.SortAsync(
                _services, target, [.. _results.Concat(joining).Select(target.View.IndexOf).Order()]);
            if (!sorted.TryGet(out List<int>? indices))
            {
                return sorted.Error;
            }
            if (indices.Count == _results.Count + joining.Count)
            {
                _results = UidsOf(target.View, indices);
                return StoreError.None;
            }
            // Some have just been expunged and cannot be compared; those of the result keep their places until that is told.
        }
        foreach (Uid uid in joining.Order())
        {
            StoreResult<int> place = await PlaceOfAsync(target, uid, order);
            if (!place.TryGet(out int position))
            {
                return place.Error;
            }
            _results.Insert(position, uid);
        }
        return StoreError.None;
    }

    /// <summary>
    /// Where in the result a new message stands, by binary search. What has just been expunged cannot be compared, and its place does not
    /// matter: it goes as soon as that is told.
    /// </summary>
    private async ValueTask<StoreResult<int>> PlaceOfAsync(SearchTarget target, Uid uid, SortProgram order)
    {
        int index = target.View.IndexOf(uid);
        int low = 0;
        int high = _results.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            List<int> pair = [];
            int probe = middle;
            for (; probe < high; probe++)
            {
                int other = target.View.IndexOf(_results[probe]);
                StoreResult<List<int>> sorted = await order.SortAsync(_services, target, [Math.Min(index, other), Math.Max(index, other)]);
                if (!sorted.TryGet(out pair!))
                {
                    return sorted.Error;
                }
                if (!pair.Contains(index))
                {
                    return low;
                }
                if (pair.Count == 2)
                {
                    break;
                }
            }
            (low, high) = probe < high && pair[1] == index ? (probe + 1, high) : (low, middle);
        }
        return low;
    }

    /// <summary>Where these stand in the result, ascending; those that are not in it are left out.</summary>
    private List<int> PositionsOf(HashSet<Uid> uids)
    {
        if (_order is null)
        {
            return [.. uids.Select(u => _results.BinarySearch(u)).Where(p => p >= 0).Order()];
        }
        List<int> positions = [];
        for (int i = 0; i < _results.Count; i++)
        {
            if (uids.Contains(_results[i]))
            {
                positions.Add(i);
            }
        }
        return positions;
    }

    /// <summary>Neighbours in the result, together.</summary>
    private static List<(int Start, int Count)> RunsOf(List<int> positions)
    {
        List<(int Start, int Count)> runs = [];
        foreach (int position in positions)
        {
            if (runs.Count > 0 && runs[^1].Start + runs[^1].Count == position)
            {
                runs[^1] = (runs[^1].Start, runs[^1].Count + 1);
            }
            else
            {
                runs.Add((position, 1));
            }
        }
        return runs;
    }

    /// <summary>
    /// ret-data-addto = "ADDTO" SP "(" context-position SP sequence-set *(SP context-position SP sequence-set) ")";
    /// ret-data-removefrom likewise — RFC 5267 §5.
    /// </summary>
    private async ValueTask WriteAsync(ImapWriter writer, MailboxSnapshot view, string item, List<(int Start, int Count)> runs)
    {
        _correlator.Write(writer);
        writer.Write(" "u8);
        writer.Write(item);
        writer.Write(" ("u8);
        if (_order is null)
        {
            writer.Write("0 "u8);
            await writer.WriteSetAsync(runs.OrderBy(r => r.Start).SelectMany(r => NumbersOf(view, r)));
        }
        else
        {
            for (int i = 0; i < runs.Count; i++)
            {
                writer.Write(i == 0 ? ""u8 : " "u8);
                writer.WriteNumber(runs[i].Start + 1);
                writer.Write(" "u8);
                await writer.WriteSetAsync(NumbersOf(view, runs[i]));
            }
        }
        writer.Write(")\r\n"u8);
    }

    private IEnumerable<uint> NumbersOf(MailboxSnapshot view, (int Start, int Count) run) => _results.GetRange(run.Start, run.Count)
        .Select(u => _correlator.Numbering == Numbering.Uid ? u.Value : (uint)view.IndexOf(u) + 1);

    private static List<Uid> UidsOf(MailboxSnapshot view, IEnumerable<int> indices) => [.. indices.Select(i => view[i].Uid)];
}
