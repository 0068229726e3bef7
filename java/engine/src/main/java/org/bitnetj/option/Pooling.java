package org.bitnetj.option;

/** How an embedding of a text is made of the hidden states of its tokens. */
public enum Pooling {
  /** That of the last token, which has seen all others. */
  LAST,
  /** The mean of all. */
  MEAN;

  /** {@return its name on a command line and in files} */
  public String label() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
