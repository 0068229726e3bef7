/**
 * The {@code bitnet} command. One class per subcommand; results are written to standard output,
 * everything else to standard error; exit codes are 0, 1 (run time) and 2 (usage).
 */
@NullMarked
package org.bitnetj.cli;

import org.jspecify.annotations.NullMarked;
