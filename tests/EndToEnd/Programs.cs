using System.Diagnostics;
using System.Text;
using MailAccess.Testing;

namespace MailAccess.EndToEnd;

/// <summary>Mail programs that no one here wrote.</summary>
internal static class Programs
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Skips the test, saying why, where the program is missing.</summary>
    public static void Require(params string[] names)
    {
        foreach (string name in names)
        {
            Assert.SkipUnless(Has(name), $"{name} is not installed");
        }
    }

    /// <summary>Whether the program is there.</summary>
    public static bool Has(string name) => Find(name) is not null;

    /// <summary>Skips the test where the npm clients are missing.</summary>
    public static void RequireNode()
    {
        Require("node");
        Assert.SkipUnless(Directory.Exists(Path.Combine(Clients, "node_modules", "imapflow")), "imapflow is not installed (npm)");
    }

    /// <summary>The folder of scripts for clients.</summary>
    public static string Clients { get; } = Path.Combine(Repository.Root, "tests", "EndToEnd", "clients");

    /// <summary>Runs a program to its end; the test fails, with all it said, where it does not exit with 0.</summary>
    public static async Task<string> RunAsync(string program, string[] arguments, string input = "", Dictionary<string, string>? environment = null)
    {
        (int code, string output) = await TryRunAsync(program, arguments, input, environment);
        Assert.True(code == 0, $"{program} {string.Join(' ', arguments)}\nexit {code}\n{output}");
        return output;
    }

    /// <summary>Runs a program to its end: its exit code and what it said on both streams.</summary>
    public static async Task<(int Code, string Output)> TryRunAsync(
        string program, string[] arguments, string input = "", Dictionary<string, string>? environment = null, TimeSpan? patience = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardInputEncoding = new UTF8Encoding(false),
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        foreach ((string key, string value) in environment ?? [])
        {
            start.Environment[key] = value;
        }
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        try
        {
            await process.StandardInput.WriteAsync(input);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It did not want its input.
        }
        try
        {
            await process.WaitForExitAsync().WaitAsync(patience ?? Patience);
        }
        catch (TimeoutException)
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{program} {string.Join(' ', arguments)} did not end in {(patience ?? Patience).TotalSeconds} s\n{await output}\n{await errors}");
        }
        return (process.ExitCode, await output + await errors);
    }

    private static string? Find(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);
}
