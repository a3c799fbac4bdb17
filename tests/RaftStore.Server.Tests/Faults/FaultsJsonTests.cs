using System.Text;
using RaftStore.Server.Faults;

namespace RaftStore.Server.Tests.Faults;

public sealed class FaultsJsonTests
{
    [Fact]
    public void Parse_Everything_IsRead()
    {
        FaultChange change = Read("""{"to":["n2"],"from":["n3","n2"],"drop":true,"delayMs":5,"stallLogMs":7,"tickFactor":1.5}""");

        Assert.Equal(["n2"], change.To);
        Assert.Equal(["n3", "n2"], change.From);
        Assert.Equal((new PeerFault(true, 5), 7, 1.5), (change.Fault, change.LogStallMs, change.TickFactor));
    }

    [Theory]
    [InlineData("[]", "must be a JSON object")]
    [InlineData("{", "is not a JSON object")]
    [InlineData("{}", "names no fault")]
    [InlineData("""{"to":[],"from":[]}""", "names no fault")]
    [InlineData("""{"to":["n2"]}""", "need 'drop' or 'delayMs'")]
    [InlineData("""{"drop":true}""", "need 'to' or 'from'")]
    [InlineData("""{"delayMs":1,"stallLogMs":1}""", "need 'to' or 'from'")]
    [InlineData("""{"to":"n2","drop":true}""", "'to' must be a list of names")]
    [InlineData("""{"from":[1],"drop":true}""", "'from' must be a list of names")]
    [InlineData("""{"from":[""],"drop":true}""", "'from' must be a list of names")]
    [InlineData("""{"to":["n2"],"drop":1}""", "'drop' must be true or false")]
    [InlineData("""{"to":["n2"],"delayMs":-1}""", "'delayMs' must be a whole number from 0 to 60000")]
    [InlineData("""{"to":["n2"],"delayMs":60001}""", "'delayMs' must be a whole number from 0 to 60000")]
    [InlineData("""{"stallLogMs":600001}""", "'stallLogMs' must be a whole number from 0 to 600000")]
    [InlineData("""{"tickFactor":0}""", "'tickFactor' must be a number from 0.1 to 10")]
    [InlineData("""{"tickFactor":1e400}""", "'tickFactor' must be a number from 0.1 to 10")]
    [InlineData("""{"tickFactor":"1"}""", "'tickFactor' must be a number from 0.1 to 10")]
    [InlineData("""{"stallLogMs":1,"stallLogMs":2}""", "'stallLogMs' is given twice")]
    [InlineData("""{"to":["\uD800"],"drop":true}""", "half of a surrogate pair")]
    [InlineData("""{"pause":1}""", "'pause' is no fault")]
    public void Parse_SomethingWrong_IsSaid(string body, string detail)
        => Assert.Contains(detail, FaultsJson.Parse(Encoding.UTF8.GetBytes(body), out _)?.Detail, StringComparison.Ordinal);

    [Fact]
    public void With_WhatIsNotNamed_StaysAndNothingEndsAFault()
    {
        FaultPlan plan = FaultPlan.None
            .With(Read("""{"to":["n2","n3"],"drop":true}"""))
            .With(Read("""{"from":["n2"],"delayMs":9}"""))
            .With(Read("""{"stallLogMs":3,"tickFactor":2}"""))
            .With(Read("""{"to":["n2"],"drop":false}"""));

        Assert.Equal("""{"to":[{"peer":"n3","drop":true,"delayMs":0}],"from":[{"peer":"n2","drop":false,"delayMs":9}],"stallLogMs":3,"tickFactor":2}""", FaultsJson.Describe(plan));
        Assert.False(plan.IsNone);
        FaultPlan healed = plan.With(Read("""{"to":["n3"],"from":["n2"],"drop":false,"stallLogMs":0,"tickFactor":1}"""));
        Assert.True(healed.IsNone);
        Assert.Equal("none any more", FaultsJson.Describe(healed));
    }

    private static FaultChange Read(string body)
    {
        Assert.Null(FaultsJson.Parse(Encoding.UTF8.GetBytes(body), out FaultChange change)?.Detail);
        return change;
    }
}
