package org.bitnetj.format;

/** A format of which only the size is known, so that files which hold it can be listed. */
record OpaqueFormat(String name, int id, int blockColumns, int blockBytes)
    implements WeightFormat {}
