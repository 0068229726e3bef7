/**
 * The {@code bitnet} command. One class a subcommand; results go to standard output, everything
 * else to standard error; exit codes are 0, 1 (run time) and 2 (usage).
 */
@NullMarked
package org.bitnetj.cli;

import org.jspecify.annotations.NullMarked;
