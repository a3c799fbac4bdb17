using System.Net;
using RaftStore.Cluster.Tests.Harness;

namespace RaftStore.Cluster.Tests;

/// <summary>What is stored through one node is read through the others byte for byte.</summary>
public sealed class ExactBytesTests
{
    [Fact]
    public async Task AFile_PutUnderAnEncodedKeyOnAnyNode_IsTheSameOnTheOthers()
    {
        using TestCluster cluster = await TestCluster.StartAsync(3);
        using var http = new HttpClient();
        var random = new Random(5);
        foreach (TestNode writer in cluster.Nodes)
        {
            foreach (int length in new[] { 0, 1, 4096, 65_536, 65_537, 1 << 20 })
            {
                byte[] file = new byte[length];
                random.NextBytes(file);
                string path = $"/v1/kv/some%2Fkey%20{writer.Name}-{length}%ff";
                using HttpResponseMessage stored = await http.PutAsync(writer.ClientAddress + path, new ByteArrayContent(file));
                Assert.Equal(HttpStatusCode.OK, stored.StatusCode);

                foreach (TestNode reader in cluster.Nodes)
                {
                    Assert.Equal(file, await http.GetByteArrayAsync(reader.ClientAddress + path));
                }
            }
        }
    }

    [Fact]
    public async Task ADataDirectory_OnceMade_IsItsOwnersAlone()
    {
        using TestCluster cluster = await TestCluster.StartAsync(1);

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(cluster.Nodes[0].DataPath));
    }
}
