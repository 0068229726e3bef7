package org.bitnetj.tensor;

import org.jspecify.annotations.Nullable;

/**
 * What kernels compute with. A family of kernels that needs an operand in a form of its own (C a
 * struct, another device a copy) makes it once and keeps it here.
 */
public abstract class Operand {
  private volatile @Nullable Object view;

  Operand() {}

  /** What kernels have kept, maybe those of another family; null if nothing. */
  public final @Nullable Object view() {
    return view;
  }

  /** Keeps a view in place of the one before; of two threads that do, either's may stay. */
  public final void keepView(Object view) {
    this.view = view;
  }

  /** Forgets what was kept; for an operand whose segments or shape change. */
  final void forgetView() {
    view = null;
  }
}
