package org.bitnetj.option;

/** How keys and values are kept. */
public enum CacheType {
  /** In float16. */
  F16,
  /** In float32, which takes twice the memory. */
  F32
}
