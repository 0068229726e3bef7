package org.bitnetj.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.bitnetj.kernel.KernelTier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A test of one {@link KernelTier}, run for each but the scalar one, which is the reference. */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@ParameterizedTest(name = "{0}")
@EnumSource(value = KernelTier.class, mode = EnumSource.Mode.EXCLUDE, names = "SCALAR")
public @interface OnEveryTier {}
