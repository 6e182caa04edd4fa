using System.Formats.Asn1;
using MailAccess.Directories.Ldap;

namespace MailAccess.Directories.Tests.Ldap;

public sealed class LdapFilterTests
{
    /// <summary>RFC 4515 §4, as octets of RFC 4511 §4.5.1.7.</summary>
    [Theory]
    [InlineData("(cn=Babs Jensen)", "A311 0402636E 040B42616273204A656E73656E")]
    [InlineData("(!(cn=T))", "A209 A307 0402636E 040154")]
    [InlineData("(&(a=b)(|(c=d)(e=f*)))", "A01C A306 040161 040162 A112 A306 040163 040164 A408 040165 3003 800166")]
    [InlineData("(o=univ*of*mich*)", "A415 04016F 3010 8004756E6976 81026F66 81046D696368")]
    [InlineData("(seeAlso=)", "A30B 0407736565416C736F 0400")]
    [InlineData("(cn:=x)", "A907 8202636E 830178")]
    [InlineData("(o:dn:=x)", "A909 82016F 830178 8401FF")]
    [InlineData("(cn:1.2:=x)", "A90C 8103312E32 8202636E 830178")]
    [InlineData("(:dn:2.4:=x)", "A90B 8103322E34 830178 8401FF")]
    [InlineData("(cn=*\\2A*)", "A409 0402636E 3003 81012A")]
    [InlineData("(a>=1)", "A506 040161 040131")]
    [InlineData("(a<=1)", "A606 040161 040131")]
    [InlineData("(a~=1)", "A806 040161 040131")]
    [InlineData("(objectClass=*)", "870B 6F626A656374436C617373")]
    [InlineData("(uid=%u)", "A314 0403756964 040D 2A2928405C2E6578616D706C65")]
    [InlineData("(uid=%n%%%d*)", "A416 0403756964 300F 800D 2A2928 25 5C2E6578616D706C65")]
    public void A_filter_is_sent_as_it_is_written_with_the_name_as_a_value(string text, string octets)
    {
        Assert.True(LdapFilter.TryParse(text, out LdapFilter? filter, out string? problem), problem);
        AsnWriter writer = new(AsnEncodingRules.BER);
        filter.Write(writer, LdapName.Of("*)(@\\.example", ""));
        string expected = octets.Replace(" ", "", StringComparison.Ordinal);
        Assert.Equal(expected, Convert.ToHexString(writer.Encode()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("uid=%u")]
    [InlineData("(uid=%u")]
    [InlineData("(uid=%u))")]
    [InlineData("(&)")]
    [InlineData("(!(a=b)(c=d))")]
    [InlineData("(uid)")]
    [InlineData("(=x)")]
    [InlineData("(uid=%x)")]
    [InlineData("(uid=\\zz)")]
    [InlineData("(uid=a(b)")]
    [InlineData("(u id=a)")]
    [InlineData("(a>=1*2)")]
    [InlineData("(&(a=b)c)")]
    public void What_is_no_filter_is_refused_with_the_reason(string text)
    {
        Assert.False(LdapFilter.TryParse(text, out _, out string? problem));
        Assert.NotEmpty(problem);
    }

    /// <summary>RFC 4514 §2.4.</summary>
    [Theory]
    [InlineData("alice", "uid=alice,dc=test")]
    [InlineData("a,ou=x", "uid=a\\,ou\\=x,dc=test")]
    [InlineData(" #a ", "uid=\\ #a\\ ,dc=test")]
    [InlineData("#a", "uid=\\#a,dc=test")]
    [InlineData("a\0b\"+;<>\\", "uid=a\\00b\\\"\\+\\;\\<\\>\\\\,dc=test")]
    public void A_name_is_one_value_of_a_distinguished_name(string name, string dn) =>
        Assert.Equal(dn, LdapTemplate.TryParse("uid=%u,dc=test"u8)!.ExpandDn(LdapName.Of(name, "")));
}
