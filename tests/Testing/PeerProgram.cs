using System.Diagnostics;

namespace MailAccess.Testing;

/// <summary>What tests need of servers that no one here wrote.</summary>
internal static class PeerProgram
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    /// <summary>Runs a program to its end; throws, with all it said, where it does not exit with 0.</summary>
    public static async Task<string> RunAsync(string program, IEnumerable<string> arguments, string input = "", string? password = null)
    {
        ProcessStartInfo start = new(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };
        start.Environment["LC_ALL"] = "C.UTF-8";
        if (password is not null)
        {
            start.Environment["PGPASSWORD"] = password;
        }
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync().WaitAsync(Patience);
        string said = await output + await errors;
        return process.ExitCode == 0 ? said : throw new InvalidOperationException($"{program} exit {process.ExitCode}\n{said}");
    }
}
