using System.Text.Json;

namespace MailAccess.EndToEnd;

/// <summary><c>mailaccess queue</c> as a process, towards the server that runs with a data folder.</summary>
internal sealed class QueueTool
{
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "mailaccess.dll");
    private readonly string _configuration;

    private QueueTool(string configuration) => _configuration = configuration;

    /// <summary>Its configuration is a file in the data folder.</summary>
    public static async Task<QueueTool> CreateAsync(string data, string? log = null)
    {
        string file = Path.Combine(data, "queue-tool.json");
        await File.WriteAllTextAsync(file, JsonSerializer.Serialize(new { data, domains = new[] { "example.test" }, log = new { file = log ?? Path.Combine(data, "no-log") } }));
        return new QueueTool(file);
    }

    /// <summary>What it says; the test fails where it does not exit with this code.</summary>
    public Task<string> RunAsync(int code, params string[] arguments) => RunProgramAsync(code, ["queue", .. arguments]);

    /// <summary>What <c>mailaccess explain --message</c> says of a message.</summary>
    public Task<string> ExplainAsync(string id, string log) => RunProgramAsync(0, ["explain", "--message", id, "--log", log]);

    /// <summary>The same with <c>--json</c>: an object a line.</summary>
    public async Task<JsonElement[]> ReadAsync(int code, params string[] arguments) =>
        [.. (await RunAsync(code, [.. arguments, "--json"])).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement)];

    /// <summary>All messages that the filter lets through.</summary>
    public Task<JsonElement[]> ListAsync(params string[] filter) => ReadAsync(0, ["list", .. filter]);

    private async Task<string> RunProgramAsync(int code, string[] arguments)
    {
        (int exit, string said) = await Programs.TryRunAsync("dotnet", [Program, .. arguments, "--config", _configuration]);
        Assert.True(exit == code, $"{string.Join(' ', arguments)}: exit {exit}\n{said}");
        return said;
    }
}
