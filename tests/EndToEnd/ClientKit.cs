using System.Globalization;
using System.Text;

namespace MailAccess.EndToEnd;

/// <summary>A demo server, and what tests with mail programs need again and again.</summary>
public abstract class ClientKit(SharedDemoServer shared) : IClassFixture<SharedDemoServer>
{
    protected const string Alice = "alice@example.test";
    protected const string Bob = "bob@example.test";
    protected const string Password = "demo";

    protected DemoServer Server => shared.Server;

    protected static async Task WritePrivateAsync(string file, string text)
    {
        await File.WriteAllTextAsync(file, text, new UTF8Encoding(false));
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    protected string Port(int standard) => Server.Port(standard).ToString(CultureInfo.InvariantCulture);

    protected Task<string> CurlAsync(string url, string user) =>
        Programs.RunAsync("curl", ["--silent", "--show-error", "--cacert", Server.CaFile, "--user", $"{user}:{Password}", url]);

    protected async Task AppendByCurlAsync(string user, string mailbox, string message)
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, message);
        await Programs.RunAsync("curl", ["--silent", "--show-error", "--cacert", Server.CaFile, "--user", $"{user}:{Password}", "--upload-file", file, $"imaps://localhost:{Port(993)}/{mailbox}"]);
        File.Delete(file);
    }
}
