package org.bitnetj.kv;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bitnetj.error.KvCacheFullException;
import org.bitnetj.memory.Pages;
import org.bitnetj.memory.Reservation;
import org.bitnetj.tensor.AttentionLayer;

/**
 * The keys and values of all sequences of a model, in blocks of 256 positions: a block has a run of
 * 256 vectors for each layer, for its keys and its values, and each cache head, in this order, and
 * then the 256 tokens. Blocks are counted by the sequences that use them. One that is no longer
 * used keeps its text where the budget allows it, until others need the room: least recently used
 * texts go first. Else it is returned to the operating system, except that the last ones, of at
 * most 64 MiB together, are kept for the next taker. Address space is reserved for all blocks,
 * memory is taken as blocks are written.
 *
 * <p>Not thread-safe: blocks must be taken, shared and freed by one thread at a time. A step may
 * compute meanwhile on blocks that its sequences hold.
 */
public final class BlockPool implements AutoCloseable {
  /** Positions of a block, those of a chunk of attention: so pages change no sum's order. */
  public static final int POSITIONS = AttentionLayer.CHUNK;

  /** Bytes of unused blocks that are not given back: the system's zeroed pages are slow to come. */
  private static final long KEPT_BYTES = 64L << 20;

  private static final long TOKENS_BYTES = (long) POSITIONS * Integer.BYTES;

  private final KvShape shape;
  private final KvBudget budget;
  private final int capacity;
  private final long blockBytes;
  private final long tokensOffset;
  private final Reservation memory;
  private final List<AttentionLayer> layers;
  private final PrefixTree tree = new PrefixTree(this);
  private final IdleBlocks idle = new IdleBlocks();
  private int[] users = new int[0];
  private int[] free = new int[0];
  private int freed; // of these the last ones keep their memory
  private int kept;
  private int fresh; // from here on, no block has ever been taken
  private int used;

  /**
   * A pool with a budget of its own.
   *
   * @param scales scores of attention in layer l are {@code (q . k) * scales[l]}
   * @param mostBytes how much the blocks may take together; at least one block there is
   * @throws OutOfMemoryError if the system refuses the address space
   */
  public BlockPool(KvShape shape, float[] scales, long mostBytes) {
    this(shape, scales, mostBytes, new KvBudget(mostBytes));
  }

  /**
   * A pool with nothing in it.
   *
   * @param mostBytes how much address space is reserved; at least that of one block
   * @param budget how much its blocks may take, together with those of other pools; the first one
   *     there always is
   */
  public BlockPool(KvShape shape, float[] scales, long mostBytes, KvBudget budget) {
    this.shape = shape;
    this.budget = budget;
    this.tokensOffset = POSITIONS * shape.positionBytes();
    this.blockBytes = blockBytes(shape);
    this.capacity = Math.clamp(mostBytes / blockBytes, 1, Integer.MAX_VALUE / 2);
    this.memory = new Reservation(capacity * blockBytes);
    List<AttentionLayer> all = new ArrayList<>(shape.layers());
    long runBytes = tokensOffset / (2L * shape.layers()); // a layer's keys, or values
    MemorySegment blocks = memory.segment();
    for (int l = 0; l < shape.layers(); l++) {
      all.add(
          new AttentionLayer(
              blocks.asSlice(2 * l * runBytes),
              blocks.asSlice((2 * l + 1) * runBytes),
              shape.type(),
              shape.queryHeads(),
              shape.kvHeads(),
              shape.headDim(),
              scales[l],
              blockBytes / shape.type().bytes()));
    }
    this.layers = List.copyOf(all);
    budget.add(this);
  }

  private static long blockBytes(KvShape shape) {
    long pageBytes = Pages.size();
    return Math.ceilDiv(POSITIONS * shape.positionBytes() + TOKENS_BYTES, pageBytes) * pageBytes;
  }

  public KvShape shape() {
    return shape;
  }

  /** One layer's attention over the blocks. */
  public AttentionLayer layer(int index) {
    return layers.get(index);
  }

  /** Positions that fit at most. */
  public long capacity() {
    return (long) capacity * POSITIONS;
  }

  /** Blocks that some sequence uses. */
  public int usedBlocks() {
    return used;
  }

  /** Blocks that no sequence uses and whose text is kept. */
  public int idleBlocks() {
    return idle.size();
  }

  /** Bytes of a block. */
  public long blockBytes() {
    return blockBytes;
  }

  /**
   * An empty sequence.
   *
   * @param context positions it may have at most
   */
  public BlockTable newTable(int context) {
    return new BlockTable(this, context);
  }

  PrefixTree tree() {
    return tree;
  }

  /** Whether there is a block to {@link #take}, once idle ones are given up for it. */
  boolean makeRoom() {
    if (freed == 0 && fresh == capacity && !forgetOldest()) {
      return false;
    }
    // The first block there always is, also once the idle ones have been given up.
    return used + idle.size() == 0 || budget.makeRoom(blockBytes) || used + idle.size() == 0;
  }

  /**
   * Takes a block for one user, and puts it into the tree after {@code parent}.
   *
   * @throws KvCacheFullException if there is none
   */
  int take(int parent) {
    if (!makeRoom()) {
      throw new KvCacheFullException(
          "the KV cache is full: its blocks of %d positions take all the %d MiB they may; close or reset sessions, or use shorter contexts."
              .formatted(POSITIONS, budget.bytes() >> 20));
    }
    int block;
    if (freed > 0) {
      block = free[--freed];
      kept = Math.max(0, kept - 1);
    } else {
      block = fresh++;
      if (block == users.length) {
        int length = Math.min(Math.max(16, 2 * users.length), capacity);
        users = Arrays.copyOf(users, length);
        free = Arrays.copyOf(free, length);
      }
    }
    budget.take(blockBytes);
    users[block] = 1;
    used++;
    tree.add(block, parent);
    return block;
  }

  /** Counts one more user of a block. */
  void share(int block) {
    if (users[block]++ == 0) {
      idle.remove(block);
      budget.addIdle(-blockBytes);
      used++;
    }
  }

  /** Counts one user less. After the last one the text is kept if it may be. */
  void release(int block) {
    if (--users[block] > 0) {
      return;
    }
    used--;
    if (tree.length(block) == 0) {
      free(block);
      return;
    }
    while (!budget.keepsIdle(blockBytes) && forgetOldest()) {
      continue;
    }
    if (budget.keepsIdle(blockBytes)) {
      idle.add(block);
      budget.addIdle(blockBytes);
    } else {
      free(block);
    }
  }

  /** Frees the idle block that was used least recently; false if there is none. */
  boolean forgetOldest() {
    int block = idle.oldest();
    if (block == IdleBlocks.NONE) {
      return false;
    }
    forget(block);
    return true;
  }

  private void forget(int block) {
    idle.remove(block);
    budget.addIdle(-blockBytes);
    free(block);
  }

  /**
   * Forgets what a block, used by one sequence alone, has from a position on, and the idle blocks
   * that follow it.
   */
  void cut(int block, int length) {
    int child = tree.firstChild(block);
    while (child != PrefixTree.NONE) {
      int next = tree.sibling(child);
      if (users[child] == 0) { // else the sequence's own next one
        for (int leaf = PrefixTree.NONE; leaf != child; ) {
          leaf = tree.leaf(child);
          forget(leaf);
        }
      }
      child = next;
    }
    tree.setLength(block, length);
  }

  private void free(int block) {
    tree.remove(block);
    free[freed++] = block;
    budget.give(blockBytes);
    if (++kept * blockBytes > KEPT_BYTES) {
      memory.release(free[freed - kept] * blockBytes, blockBytes);
      kept--;
    }
  }

  boolean isShared(int block) {
    return users[block] > 1;
  }

  /** Copies the first positions of a block, and their tokens, to another. */
  void copy(int from, int to, int positions) {
    MemorySegment all = memory.segment();
    long vectorBytes = (long) shape.headDim() * shape.type().bytes();
    long runBytes = POSITIONS * vectorBytes;
    for (int run = 0; run < 2 * shape.layers() * shape.kvHeads(); run++) {
      MemorySegment.copy(
          all,
          from * blockBytes + run * runBytes,
          all,
          to * blockBytes + run * runBytes,
          positions * vectorBytes);
    }
    MemorySegment.copy(
        all,
        from * blockBytes + tokensOffset,
        all,
        to * blockBytes + tokensOffset,
        (long) positions * Integer.BYTES);
    tree.setLength(to, positions);
  }

  /** The token at a position of a block. */
  int token(int block, int position) {
    return memory.segment().get(ValueLayout.JAVA_INT, tokenByte(block, position));
  }

  void setToken(int block, int position, int token) {
    memory.segment().set(ValueLayout.JAVA_INT, tokenByte(block, position), token);
  }

  private long tokenByte(int block, int position) {
    return block * blockBytes + tokensOffset + (long) position * Integer.BYTES;
  }

  /** Frees everything; it must not be used afterwards. Idempotent. */
  @Override
  public void close() {
    memory.close();
  }
}
