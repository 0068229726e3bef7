package org.bitnetj.cli;

import java.io.IOException;
import org.bitnetj.generate.LanguageModel;
import org.bitnetj.generate.Session;
import org.bitnetj.generate.SessionOptions;

/** A model and the session that a user has with it; both are closed together. */
record LoadedModel(LanguageModel model, Session session) implements AutoCloseable {
  /** Loads a model that is named while a session lasts. */
  @FunctionalInterface
  interface Loader {
    /**
     * @param name a file, a folder or a name, as {@code -m} takes it
     */
    LoadedModel load(String name) throws IOException;
  }

  /** Opens a session; the model is closed if that fails. */
  static LoadedModel of(LanguageModel model, SessionOptions options) {
    try {
      return new LoadedModel(model, model.openSession(options));
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
  }

  /**
   * The same with a model that must have been made to chat.
   *
   * @throws Failures.Failure if it was not
   */
  static LoadedModel forChat(LanguageModel model, SessionOptions options) {
    try {
      model.requireChatTemplate();
    } catch (IllegalStateException e) {
      model.close();
      throw new Failures.Failure(
          model.info().name() + ": " + e.getMessage() + " 'bitnet run' continues a text.");
    }
    return of(model, options);
  }

  /** What it is, in a line. */
  String described() {
    return model.info().name()
        + " ("
        + model.chatTemplate().map(t -> "chat format: " + t.name() + "; ").orElse("")
        + model.kernels()
        + " kernels, "
        + model.threads()
        + (model.threads() == 1 ? " thread" : " threads")
        + ", context of "
        + session.context()
        + " tokens)";
  }

  @Override
  public void close() {
    session.close();
    model.close();
  }
}
