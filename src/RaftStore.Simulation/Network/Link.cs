namespace RaftStore.Simulation;

/// <summary>One direction between two machines, with its three connections.</summary>
internal sealed class Link
{
    private const int Channels = 3;

    /// <summary>How many obstacles stand in the way.</summary>
    public int Obstacles { get; set; }

    /// <summary>True while the sender believes in connections that the receiver knows nothing of: what is sent vanishes.</summary>
    public bool IsHalfOpen { get; set; }

    /// <summary>How much passes on each of the connections; 0 for no limit.</summary>
    public long BytesPerSecond { get; set; }

    /// <summary>By channel.</summary>
    public Connection[] Connections { get; } = [.. Enumerable.Range(0, Channels).Select(_ => new Connection())];

    /// <summary>Connections are made anew: the sender notices that the old ones are dead. What is on its way on an old one may still arrive.</summary>
    public void Reconnect()
    {
        IsHalfOpen = false;
        foreach (Connection connection in Connections)
        {
            connection.OlderArriveUntilUs = Math.Max(connection.OlderArriveUntilUs, connection.LastArrivalUs);
            connection.LastArrivalUs = 0;
            connection.FreeAtUs = 0;
        }
    }

    /// <summary>What carries the frames of one channel, one after the other.</summary>
    internal sealed class Connection
    {
        /// <summary>When the last frame that was sent on it arrives.</summary>
        public long LastArrivalUs { get; set; }

        /// <summary>When the last frame has left the sender, where the link is narrow.</summary>
        public long FreeAtUs { get; set; }

        /// <summary>Until when frames of older connections are on their way.</summary>
        public long OlderArriveUntilUs { get; set; }
    }
}
