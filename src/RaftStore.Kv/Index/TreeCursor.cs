using RaftStore.Kv.Versions;

namespace RaftStore.Kv.Index;

/// <summary>A place in a tree, moved key by key in either direction. Made for one reader; the tree must not change meanwhile.</summary>
internal sealed class TreeCursor
{
    private readonly TreeNode _root;
    private readonly InnerNode[] _path;
    private readonly int[] _places;
    private LeafNode _leaf;
    private int _slot;

    internal TreeCursor(TreeRoot root)
    {
        _root = root.Node;
        _path = new InnerNode[_root.Height - 1];
        _places = new int[_root.Height - 1];
        _leaf = Leftmost(0, _root);
        _slot = -1;
    }

    /// <summary>The key it stands on; only after a move that returned true.</summary>
    internal ref readonly VersionedKey Current => ref _leaf.Slots[_slot];

    /// <summary>Goes to the first key that is not below <paramref name="key"/>.</summary>
    internal bool SeekFrom(ReadOnlySpan<byte> key)
    {
        _slot = Descend(key) - 1;
        return MoveNext();
    }

    /// <summary>Goes to the last key below <paramref name="key"/>.</summary>
    internal bool SeekBelow(ReadOnlySpan<byte> key)
    {
        _slot = Descend(key);
        return MovePrevious();
    }

    /// <summary>Goes to the last key of all.</summary>
    internal bool SeekLast()
    {
        _leaf = Rightmost(0, _root);
        _slot = _leaf.Count;
        return MovePrevious();
    }

    /// <summary>Goes to the next key.</summary>
    internal bool MoveNext()
    {
        if (_slot + 1 < _leaf.Count)
        {
            _slot++;
            return true;
        }

        int level = _path.Length - 1;
        while (level >= 0 && _places[level] + 1 == _path[level].Count)
        {
            level--;
        }

        if (level < 0)
        {
            return false;
        }

        _places[level]++;
        _leaf = Leftmost(level + 1, _path[level].Children[_places[level]]);
        _slot = 0;
        return true;
    }

    /// <summary>Goes to the key before.</summary>
    internal bool MovePrevious()
    {
        if (_slot > 0)
        {
            _slot--;
            return true;
        }

        int level = _path.Length - 1;
        while (level >= 0 && _places[level] == 0)
        {
            level--;
        }

        if (level < 0)
        {
            return false;
        }

        _places[level]--;
        _leaf = Rightmost(level + 1, _path[level].Children[_places[level]]);
        _slot = _leaf.Count - 1;
        return true;
    }

    private int Descend(ReadOnlySpan<byte> key)
    {
        TreeNode node = _root;
        for (int level = 0; level < _path.Length; level++)
        {
            InnerNode inner = (InnerNode)node;
            _path[level] = inner;
            _places[level] = inner.ChildIndex(key);
            node = inner.Children[_places[level]];
        }

        _leaf = (LeafNode)node;
        return _leaf.LowerBound(key, out _);
    }

    private LeafNode Leftmost(int level, TreeNode node)
    {
        for (; level < _path.Length; level++)
        {
            _path[level] = (InnerNode)node;
            _places[level] = 0;
            node = _path[level].Children[0];
        }

        return (LeafNode)node;
    }

    private LeafNode Rightmost(int level, TreeNode node)
    {
        for (; level < _path.Length; level++)
        {
            _path[level] = (InnerNode)node;
            _places[level] = _path[level].Count - 1;
            node = _path[level].Children[^1];
        }

        return (LeafNode)node;
    }
}
