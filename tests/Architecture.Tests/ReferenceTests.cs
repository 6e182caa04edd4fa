using System.Xml.Linq;
using MailAccess.Testing;

namespace MailAccess.Architecture.Tests;

/// <summary>References between projects run one way; the table is ARCHITECTURE.md's, as data.</summary>
public sealed class ReferenceTests
{
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Wire"] = [],
        ["Message"] = [],
        ["Auth"] = [],
        ["Directories"] = ["Auth", "Tables"],
        ["Dns"] = [],
        ["Store"] = ["Message"],
        ["Smtp"] = ["Wire"],
        ["Pop3"] = ["Wire", "Auth", "Store"],
        ["Imap"] = ["Wire", "Message", "Auth", "Store"],
        ["Submission"] = ["Wire", "Message", "Smtp", "Auth"],
        ["Tables"] = [],
        ["Routing"] = ["Message", "Smtp", "Tables"],
        ["Queue"] = ["Wire", "Message", "Smtp", "Dns", "Store", "Routing"],
        ["Server"] = ["Wire", "Message", "Auth", "Directories", "Dns", "Store", "Smtp", "Pop3", "Imap", "Submission", "Tables", "Routing", "Queue"],
    };

    private static readonly string[] AllowedPackages = ["Microsoft.Extensions.Logging.Abstractions", "Npgsql", "System.CommandLine"];

    public static TheoryData<string> Projects => [.. Directory.GetDirectories(Repository.Source).Select(d => new DirectoryInfo(d).Name).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_references_only_what_the_table_allows(string project)
    {
        Assert.True(Allowed.ContainsKey(project), $"src/{project} has no row in the reference table");
        XDocument file = XDocument.Load(Path.Combine(Repository.Source, project, $"MailAccess.{project}.csproj"));
        string[] references = [.. file.Descendants("ProjectReference")
            .Select(r => Path.GetFileNameWithoutExtension(r.Attribute("Include")!.Value)["MailAccess.".Length..])];
        Assert.Empty(references.Except(Allowed[project]));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void Only_listed_packages_are_referenced_by_shipped_code(string project)
    {
        XDocument file = XDocument.Load(Path.Combine(Repository.Source, project, $"MailAccess.{project}.csproj"));
        Assert.Empty(file.Descendants("PackageReference").Select(p => p.Attribute("Include")!.Value).Except(AllowedPackages));
    }

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_project_explains_itself(string project) =>
        Assert.True(File.Exists(Path.Combine(Repository.Source, project, "README.md")), $"src/{project}/README.md is missing");
}
