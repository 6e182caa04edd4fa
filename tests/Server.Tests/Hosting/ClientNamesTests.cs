using System.Net;
using MailAccess.Server.Hosting;
using MailAccess.Testing;

namespace MailAccess.Server.Tests.Hosting;

public sealed class ClientNamesTests
{
    private static readonly IPAddress Client = IPAddress.Parse("192.0.2.7");
    private readonly FakeResolver _resolver = new();

    [Fact]
    public async Task A_name_that_leads_back_to_the_address_is_told()
    {
        _resolver.Names[Client] = ["other.example", "Mail.Example."];
        _resolver.Addresses["other.example"] = [IPAddress.Parse("192.0.2.8")];
        _resolver.Addresses["mail.example"] = [IPAddress.Parse("2001:db8::1"), Client];
        Assert.Equal("mail.example", await new ClientNames(_resolver).FindAsync(Client));
    }

    [Fact]
    public async Task A_name_that_leads_elsewhere_is_a_claim_and_not_told()
    {
        _resolver.Names[Client] = ["mail.bank.example"];
        _resolver.Addresses["mail.bank.example"] = [IPAddress.Parse("198.51.100.1")];
        Assert.Null(await new ClientNames(_resolver).FindAsync(Client));
        Assert.Null(await new ClientNames(_resolver).FindAsync(IPAddress.Parse("192.0.2.9")));
    }

    [Fact]
    public async Task Not_every_one_of_hundreds_of_names_is_asked_for()
    {
        _resolver.Names[Client] = [.. Enumerable.Range(0, 100).Select(i => $"n{i}.example")];
        _resolver.Addresses["n50.example"] = [Client];
        Assert.Null(await new ClientNames(_resolver).FindAsync(Client));
    }
}
