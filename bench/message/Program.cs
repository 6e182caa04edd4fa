using System.Diagnostics;
using System.Reflection;
using System.Runtime.Loader;
using MailAccess.Message.Bench;

// Reading messages with two builds of src/Message in one run: see README.md.
if (args is not [string first, string second])
{
    Console.Error.WriteLine("usage: FIRST.dll SECOND.dll");
    return 2;
}
const int Rounds = 15;
TimeSpan atLeast = TimeSpan.FromMilliseconds(100);
string here = typeof(Workloads).Assembly.Location;
Dictionary<string, Workload>[] builds = [.. new[] { first, second }.Select(dll => new Build(Path.GetFullPath(dll)).Load(here))];

Console.WriteLine($"{"workload",-46} {"first MB/s",12} {"second MB/s",12}   second/first, median (least..most)");
foreach (string name in builds[0].Keys)
{
    Workload[] both = [.. builds.Select(build => build[name])];
    int repeats = Warm(both[0], atLeast);
    Warm(both[1], atLeast);
    List<double>[] rates = [[], []];
    List<double> ratios = [];
    for (int round = 0; round < Rounds; round++)
    {
        double[] rate = new double[2];
        for (int i = 0; i < 2; i++)
        {
            int which = (i + round) % 2; // Each goes first as often as the other.
            rate[which] = Rate(both[which], repeats);
        }
        rates[0].Add(rate[0]);
        rates[1].Add(rate[1]);
        ratios.Add(rate[1] / rate[0]);
    }
    ratios.Sort();
    Console.WriteLine($"{name,-46} {Median(rates[0]),12:F1} {Median(rates[1]),12:F1}   {ratios[Rounds / 2]:F2} ({ratios[0]:F2}..{ratios[^1]:F2})");
}
return 0;

// Once for the just-in-time compiler, and then: how often the workload fits into the time.
static int Warm(Workload workload, TimeSpan atLeast)
{
    workload.Run();
    long start = Stopwatch.GetTimestamp();
    int repeats = 0;
    do
    {
        workload.Run();
        repeats++;
    }
    while (Stopwatch.GetElapsedTime(start) < atLeast);
    return repeats;
}

static double Rate(Workload workload, int repeats)
{
    GC.Collect();
    long start = Stopwatch.GetTimestamp();
    for (int i = 0; i < repeats; i++)
    {
        workload.Run();
    }
    return workload.Octets * repeats / Stopwatch.GetElapsedTime(start).TotalSeconds / 1e6;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

namespace MailAccess.Message.Bench
{
    /// <summary>One build of MailAccess.Message, and these workloads bound to it: as compiled code they know no other.</summary>
    internal sealed class Build(string library) : AssemblyLoadContext(name: library)
    {
        public Dictionary<string, Workload> Load(string workloads)
        {
            Assembly own = LoadFromAssemblyPath(workloads);
            object all = own.GetType(typeof(Workloads).FullName!)!.GetMethod(nameof(Workloads.All))!.Invoke(null, null)!;
            return ((IEnumerable<(string Name, long Octets, Action Run)>)all).ToDictionary(w => w.Name, w => new Workload(w.Octets, w.Run));
        }

        /// <inheritdoc/>
        protected override Assembly? Load(AssemblyName assemblyName) =>
            assemblyName.Name == "MailAccess.Message" ? LoadFromAssemblyPath(Name!) : null;
    }

    /// <summary>What is measured, and how many octets it reads each time.</summary>
    internal sealed record Workload(long Octets, Action Run);
}
