using System.Text.RegularExpressions;
using MailAccess.Testing;

namespace MailAccess.Architecture.Tests;

/// <summary>docs/security.md names what is there, and nothing of <c>transcripts/security</c> is missing from it.</summary>
public sealed partial class SecurityCatalogueTests
{
    private static readonly string Tests = Path.Combine(Repository.Root, "tests");

    private static string Catalogue => File.ReadAllText(Path.Combine(Repository.Root, "docs", "security.md"));

    [Fact]
    public void Each_transcript_that_the_catalogue_names_exists()
    {
        string[] named = [.. Name().Matches(Catalogue).Select(m => m.Groups[1].Value)];
        Assert.NotEmpty(named);
        Assert.DoesNotContain(named, n => !File.Exists(Path.Combine(Tests, n)));
    }

    [Fact]
    public void Each_transcript_of_an_attack_is_in_the_catalogue()
    {
        string catalogue = Catalogue;
        string[] missing =
        [
            .. Directory.GetDirectories(Tests).Select(d => Path.Combine(d, "transcripts", "security")).Where(Directory.Exists)
                .SelectMany(d => Directory.EnumerateFiles(d, "*.session", SearchOption.AllDirectories))
                .Select(f => Path.GetRelativePath(Tests, f).Replace('\\', '/'))
                .Where(f => !catalogue.Contains($"`{f}`", StringComparison.Ordinal)),
        ];
        Assert.Empty(missing);
    }

    [GeneratedRegex("`([A-Za-z0-9.]+/transcripts/[^`]+\\.session)`")]
    private static partial Regex Name();
}
