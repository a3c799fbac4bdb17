namespace RaftStore.Storage;

/// <summary>A file descriptor of Linux. It owns the descriptor.</summary>
internal sealed class PosixFile : IFile
{
    private readonly string _path;
    private int _descriptor;

    internal PosixFile(string path, int descriptor)
    {
        _path = path;
        _descriptor = descriptor;
    }

    /// <inheritdoc/>
    public long LengthBytes
    {
        get
        {
            long length = Libc.LSeek(Descriptor, 0, Libc.SeekEnd);
            return length >= 0 ? length : throw Libc.Failure("lseek", _path);
        }
    }

    private int Descriptor => _descriptor >= 0 ? _descriptor : throw new ObjectDisposedException(_path);

    /// <inheritdoc/>
    public unsafe int Read(long offsetBytes, Span<byte> target)
    {
        int descriptor = Descriptor;
        int done = 0;
        fixed (byte* start = target)
        {
            while (done < target.Length)
            {
                nint count = Libc.PRead(descriptor, start + done, target.Length - done, offsetBytes + done);
                if (count == 0)
                {
                    break;
                }

                if (count > 0)
                {
                    done += (int)count;
                }
                else if (!Libc.WasInterrupted())
                {
                    throw Libc.Failure("pread", _path, offsetBytes + done);
                }
            }
        }

        return done;
    }

    /// <inheritdoc/>
    public unsafe void Write(long offsetBytes, ReadOnlySpan<byte> source)
    {
        int descriptor = Descriptor;
        int done = 0;
        fixed (byte* start = source)
        {
            while (done < source.Length)
            {
                nint count = Libc.PWrite(descriptor, start + done, source.Length - done, offsetBytes + done);
                if (count > 0)
                {
                    done += (int)count;
                }
                else if (count == 0)
                {
                    // POSIX gives no reason for this, and asking again could go on for ever.
                    throw Libc.Failure(Libc.InputOutput, "pwrite", _path, offsetBytes + done);
                }
                else if (!Libc.WasInterrupted())
                {
                    throw Libc.Failure("pwrite", _path, offsetBytes + done);
                }
            }
        }
    }

    /// <inheritdoc/>
    public void DataSync()
    {
        int descriptor = Descriptor;
        while (Libc.FDataSync(descriptor) != 0)
        {
            // Only a call that was interrupted before it did anything may be repeated. After any other error the kernel may have
            // dropped the dirty pages and marked them clean, so that a second call would report a success that is not true.
            if (!Libc.WasInterrupted())
            {
                throw Libc.Failure("fdatasync", _path);
            }
        }
    }

    /// <summary>Takes the lock that ends with this descriptor, and with the process at the latest.</summary>
    internal bool TryLock(out int errno)
    {
        bool locked = Libc.FLock(Descriptor, Libc.LockExclusive | Libc.LockNonBlocking) == 0;
        errno = locked ? 0 : System.Runtime.InteropServices.Marshal.GetLastPInvokeError();
        return locked;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_descriptor >= 0)
        {
            // The result is of no use: what had to be durable was synced, and on Linux the descriptor is gone whatever is returned.
            _ = Libc.Close(_descriptor);
            _descriptor = -1;
        }
    }
}
