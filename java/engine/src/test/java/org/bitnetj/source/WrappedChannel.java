package org.bitnetj.source;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.util.ArrayList;
import java.util.List;

/** A file's channel that notes what is written at a place, and fails as a test will have it. */
final class WrappedChannel extends FileChannel {
  private final FileChannel file;

  /** The places of all writes that were tried. */
  final List<Long> places = new ArrayList<>();

  /** Bytes that one write takes. */
  int most = Integer.MAX_VALUE;

  /** Bytes that the disk has room for. */
  long room = Long.MAX_VALUE;

  boolean failsToClose;
  Runnable beforeClose = () -> {};

  WrappedChannel(FileChannel file) {
    this.file = file;
  }

  @Override
  public int write(ByteBuffer bytes, long place) throws IOException {
    places.add(place);
    if (place >= room) {
      throw new IOException("No space left on device");
    }
    int n = (int) Math.min(Math.min(bytes.remaining(), most), room - place);
    int written = file.write(bytes.slice(bytes.position(), n), place);
    bytes.position(bytes.position() + written);
    return written;
  }

  @Override
  protected void implCloseChannel() throws IOException {
    beforeClose.run();
    file.close();
    if (failsToClose) {
      throw new IOException("Input/output error");
    }
  }

  @Override
  public void force(boolean metaData) throws IOException {
    file.force(metaData);
  }

  @Override
  public int read(ByteBuffer bytes) throws IOException {
    return file.read(bytes);
  }

  @Override
  public long read(ByteBuffer[] bytes, int offset, int length) throws IOException {
    return file.read(bytes, offset, length);
  }

  @Override
  public int read(ByteBuffer bytes, long place) throws IOException {
    return file.read(bytes, place);
  }

  @Override
  public int write(ByteBuffer bytes) throws IOException {
    return file.write(bytes);
  }

  @Override
  public long write(ByteBuffer[] bytes, int offset, int length) throws IOException {
    return file.write(bytes, offset, length);
  }

  @Override
  public long position() throws IOException {
    return file.position();
  }

  @Override
  public FileChannel position(long place) throws IOException {
    return file.position(place);
  }

  @Override
  public long size() throws IOException {
    return file.size();
  }

  @Override
  public FileChannel truncate(long size) throws IOException {
    return file.truncate(size);
  }

  @Override
  public long transferTo(long place, long count, WritableByteChannel to) throws IOException {
    return file.transferTo(place, count, to);
  }

  @Override
  public long transferFrom(ReadableByteChannel from, long place, long count) throws IOException {
    return file.transferFrom(from, place, count);
  }

  @Override
  public MappedByteBuffer map(MapMode mode, long place, long size) throws IOException {
    return file.map(mode, place, size);
  }

  @Override
  public FileLock lock(long place, long size, boolean shared) throws IOException {
    return file.lock(place, size, shared);
  }

  @Override
  public FileLock tryLock(long place, long size, boolean shared) throws IOException {
    return file.tryLock(place, size, shared);
  }
}
