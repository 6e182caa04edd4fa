namespace MailAccess.Routing;

/// <summary>What the word before the colon means on the right-hand side of a transport table.</summary>
public static class TransportNames
{
    /// <summary>A program of the configuration may have this name: tables mean nothing else by it.</summary>
    public static bool MayBeAgent(string name) => TransportValue.Read(name + ":x").Kind == TransportKind.Agent;
}
