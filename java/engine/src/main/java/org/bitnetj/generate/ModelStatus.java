package org.bitnetj.generate;

/**
 * What a model is doing at a moment.
 *
 * @param sessions that are open
 * @param waiting sessions that wait for a step, or for the next of theirs
 * @param steps that were computed since the model was loaded
 * @param rows tokens that they computed
 * @param usedCacheBytes memory of keys and values that sessions hold
 * @param keptCacheBytes memory of those that are kept for later ({@link
 *     LoadOptions#keptCacheBytes})
 * @param cacheBytes how much both may take together
 */
public record ModelStatus(
    int sessions,
    int waiting,
    long steps,
    long rows,
    long usedCacheBytes,
    long keptCacheBytes,
    long cacheBytes) {}
