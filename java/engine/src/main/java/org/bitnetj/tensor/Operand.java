package org.bitnetj.tensor;

import org.jspecify.annotations.Nullable;

/**
 * What kernels compute with. A family of kernels that needs an operand in a form of its own (C a
 * struct, another device a copy) makes it once and keeps it here.
 */
public abstract class Operand {
  private volatile @Nullable Object view;
  private @Nullable Object owner;

  Operand() {}

  /** What kernels have kept, maybe those of another family; null if nothing. */
  public final @Nullable Object view() {
    return view;
  }

  /**
   * Keeps a view, and what its memory belongs to. If there is one of the same class already, that
   * one stays: another thread may be using it.
   *
   * @return what is kept now
   */
  public final synchronized Object keepView(Object view, Object owner) {
    Object kept = this.view;
    if (kept != null && kept.getClass() == view.getClass()) {
      return kept;
    }
    this.owner = owner;
    this.view = view;
    return view;
  }

  /** Forgets what was kept; for an operand whose segments or shape change. */
  final synchronized void forgetView() {
    view = null;
    owner = null;
  }
}
