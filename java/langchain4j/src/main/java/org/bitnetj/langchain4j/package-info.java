/**
 * Models of the engine as LangChain4j's chat, streaming and embedding models, in the process that
 * uses them. Each takes a {@link org.bitnetj.generate.LanguageModel} or {@link
 * org.bitnetj.generate.EmbeddingModel} that is loaded, may share it with others, and closes
 * nothing.
 */
@NullMarked
package org.bitnetj.langchain4j;

import org.jspecify.annotations.NullMarked;
