using MailAccess.Server.Cli;

return await RootCommandFactory.Create(Console.Out).Parse(args).InvokeAsync();
