/**
 * A model behind the HTTP APIs that clients of hosted models speak. {@link
 * org.bitnetj.server.ModelServer} is where to start. A request comes by a {@code Connection} (time
 * limits, clients that go away), is an {@code Exchange} until its answer is sent, goes through
 * {@code Door} (limits, errors, and by {@code Access} keys and origins), the class of its endpoint
 * ({@code ChatCompletions}, {@code Responses}, {@code Messages} …), with those that read the
 * protocol's messages and write its answers, which alone know its JSON, and {@code Answers}, which
 * renders messages and generates; {@code Admission} decides when it may. {@code Page} serves the
 * chat page, whose files are in the resource folder {@code page}: {@code main.js} is where to
 * start.
 */
@NullMarked
package org.bitnetj.server;

import org.jspecify.annotations.NullMarked;
