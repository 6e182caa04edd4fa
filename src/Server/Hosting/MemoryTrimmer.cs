namespace MailAccess.Server.Hosting;

/// <summary>
/// Gives memory back after a storm: the collector keeps what it once needed, and an idle server should not.
/// </summary>
/// <remarks>Looks every few seconds; when the process has allocated next to nothing since the last look and far more is committed than
/// lives, one compacting collection runs. A busy server is never stopped for it.</remarks>
internal sealed class MemoryTrimmer : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(5);
    private const long QuietOctets = 4 << 20;
    private const long SlackOctets = 16 << 20;
    private readonly ITimer _timer;
    private long _allocated;
    private bool _trimmed;

    public MemoryTrimmer(TimeProvider clock) => _timer = clock.CreateTimer(_ => Look(), null, Period, Period);

    public void Dispose() => _timer.Dispose();

    private void Look()
    {
        long allocated = GC.GetTotalAllocatedBytes();
        bool quiet = allocated - _allocated < QuietOctets;
        _allocated = allocated;
        if (!quiet)
        {
            _trimmed = false;
            return;
        }
        GCMemoryInfo info = GC.GetGCMemoryInfo();
        if (!_trimmed && info.TotalCommittedBytes > GC.GetTotalMemory(false) / 2 + SlackOctets)
        {
            _trimmed = true;
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
            PosixMemory.Trim();
        }
    }
}
