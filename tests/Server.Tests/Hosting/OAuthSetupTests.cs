using System.Collections;
using System.Text;
using MailAccess.Auth.OAuth;
using MailAccess.Server.Configuration;
using MailAccess.Server.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace MailAccess.Server.Tests.Hosting;

public sealed class OAuthSetupTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("mailaccess-oauth-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("s3cret\n", null)]
    [InlineData("s3cret", null)]
    [InlineData("\ns3cret\n", "oauth.clientSecretFile: {0} has nothing on its first line")]
    [InlineData("", "oauth.clientSecretFile: {0} has nothing on its first line")]
    [InlineData(null, "oauth.clientSecretFile: Could not find file '{0}'.")]
    public void The_clients_secret_is_the_first_line_of_its_file(string? content, string? error)
    {
        string path = Path.Combine(_folder.FullName, "secret");
        if (content is not null)
        {
            File.WriteAllText(path, content);
        }
        List<string> errors = [];
        using SocketsHttpHandler http = OAuthSetup.CreateHandler();
        using OAuthTokens? tokens = OAuthSetup.Create(
            Load("""{ "oauth": { "introspection": "https://a.test", "clientId": "me", "clientSecretFile": "secret" } }"""),
            http, TimeProvider.System, NullLoggerFactory.Instance, errors);
        Assert.Equal(error is null, tokens is not null);
        Assert.Equal(error is null ? [] : [string.Format(null, error, path)], errors);
    }

    [Fact]
    public void Tokens_follow_no_redirection()
    {
        using SocketsHttpHandler http = OAuthSetup.CreateHandler();
        Assert.False(http.AllowAutoRedirect);
        List<string> errors = [];
        Assert.Null(OAuthSetup.Create(Load("{}"), http, TimeProvider.System, NullLoggerFactory.Instance, errors));
        Assert.Empty(errors);
    }

    private ServerConfiguration Load(string json)
    {
        List<ConfigurationError> errors = [];
        ServerConfiguration? configuration = ConfigurationLoader.Read("m.json", _folder.FullName, Encoding.UTF8.GetBytes(json), new Hashtable(), errors);
        Assert.Empty(errors);
        return configuration!;
    }
}
