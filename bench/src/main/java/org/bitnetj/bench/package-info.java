/**
 * Measuring: how fast a model and the kernels are on this machine, and how fast they could be; how
 * fast a server serves. The measurements do not depend on the command line; their results say what
 * they were measured on.
 */
@NullMarked
package org.bitnetj.bench;

import org.jspecify.annotations.NullMarked;
