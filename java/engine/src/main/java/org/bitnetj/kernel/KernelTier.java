package org.bitnetj.kernel;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One way to compute the forward pass. All give the same bits; they differ in speed and in what
 * they need.
 */
public enum KernelTier {
  SCALAR("scalar", -1, "plain Java, any CPU"),
  C("c", 0, "portable C, any CPU with the native library"),
  VECTOR("vector", -1, "the Java Vector API, any CPU"),
  AVX2("avx2", 1, "x86-64 with AVX2, FMA and F16C"),
  AVXVNNI("avxvnni", 2, "x86-64 with AVX2, FMA, F16C and AVX-VNNI"),
  AVX512("avx512", 3, "x86-64 with AVX-512 F, BW, DQ, VL and VNNI"),
  AVX512VBMI("avx512vbmi", 8, "x86-64 with AVX-512 F, BW, DQ, VL, VNNI and VBMI"),
  AMX("amx", 7, "x86-64 with AVX-512 F, BW, DQ, VL, VNNI and VBMI, GFNI, and AMX-INT8"),
  NEON("neon", 4, "64-bit ARM"),
  DOTPROD("dotprod", 5, "64-bit ARM with the dot product instructions"),
  I8MM("i8mm", 6, "64-bit ARM with the int8 matrix multiplication instructions");

  private final String label;
  private final int nativeId;
  private final String needs;

  KernelTier(String label, int nativeId, String needs) {
    this.label = label;
    this.nativeId = nativeId;
    this.needs = needs;
  }

  /** The name used on the command line. */
  public String label() {
    return label;
  }

  /** The tier's number in the native library, -1 for tiers in Java. */
  public int nativeId() {
    return nativeId;
  }

  public boolean isNative() {
    return nativeId >= 0;
  }

  /** What it runs on, in words. */
  public String needs() {
    return needs;
  }

  public static Optional<KernelTier> ofLabel(String label) {
    String wanted = label.toLowerCase(Locale.ROOT);
    return Arrays.stream(values()).filter(t -> t.label.equals(wanted)).findFirst();
  }

  /** All labels, for usage messages. */
  public static String labels() {
    return Arrays.stream(values()).map(KernelTier::label).collect(Collectors.joining(", "));
  }

  @Override
  public String toString() {
    return label;
  }
}
