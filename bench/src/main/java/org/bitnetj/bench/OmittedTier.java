package org.bitnetj.bench;

import org.bitnetj.kernel.KernelTier;

/**
 * A tier that was not measured.
 *
 * @param reason why not, in words without full stop
 */
public record OmittedTier(KernelTier tier, String reason) {}
