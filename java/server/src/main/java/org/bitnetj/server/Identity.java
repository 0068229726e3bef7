package org.bitnetj.server;

/**
 * What the model is called in answers, and what stands for all that decides its texts: with the
 * same fingerprint, seed and request the same text comes again.
 */
record Identity(String model, String fingerprint, long created) {}
