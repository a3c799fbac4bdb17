using System.Reflection;
using Microsoft.Extensions.Logging;
using RaftStore.Server.Startup;

namespace RaftStore.Server.Tests.Startup;

public sealed class EventIdTests
{
    [Fact]
    public void LogMessages_OfTheServer_HaveAnEventIdEach()
    {
        (int Id, string Method)[] messages =
        [
            .. typeof(NodeHost).Assembly.GetTypes()
                .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
                .Select(method => (method.GetCustomAttribute<LoggerMessageAttribute>()?.EventId ?? 0, $"{method.DeclaringType!.Name}.{method.Name}"))
                .Where(message => message.Item1 != 0),
        ];

        Assert.True(messages.Length > 20, $"only {messages.Length} log messages were found");
        Assert.Empty(messages.GroupBy(message => message.Id).Where(group => group.Count() > 1).Select(group => string.Join(" and ", group)));
    }
}
