/**
 * Models by name: fetches them from the Hugging Face hub into the cache that its own tools share.
 * Knows nothing of the engine; {@link org.bitnetj.hub.Hub} is where to start.
 */
module org.bitnetj.hub {
  requires com.fasterxml.jackson.core;
  requires java.net.http;
  requires static org.jspecify;

  exports org.bitnetj.hub;
}
