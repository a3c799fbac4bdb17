using System.Collections.Immutable;
using RaftStore.Node.Formation;

namespace RaftStore.Server.Discovery;

/// <summary>Where nodes were found, by name: hints for dialling. Nothing is believed on their account, since every handshake names the cluster and both
/// ids. Any thread.</summary>
internal sealed class AddressBook
{
    private ImmutableSortedDictionary<string, ImmutableArray<string>> _addresses = ImmutableSortedDictionary.Create<string, ImmutableArray<string>>(StringComparer.Ordinal);

    /// <summary>Addresses of that node, the one that it names itself first; none where it was not found.</summary>
    public ImmutableArray<string> Find(string name) => Volatile.Read(ref _addresses).GetValueOrDefault(name, []);

    /// <summary>Takes what a round found. Who was not found now keeps what is known of him.</summary>
    public void Note(IEnumerable<SearchAnswer> answers)
    {
        var addresses = _addresses;
        foreach (IGrouping<string, SearchAnswer> node in answers.Where(answer => answer.Node is not null).GroupBy(answer => answer.Node!.Name, StringComparer.Ordinal))
        {
            addresses = addresses.SetItem(node.Key, [.. node.Select(answer => answer.Node!.PeerAddress).Concat(node.Select(answer => answer.Address)).Where(address => address.Length > 0).Distinct(StringComparer.Ordinal)]);
        }

        Volatile.Write(ref _addresses, addresses);
    }
}
