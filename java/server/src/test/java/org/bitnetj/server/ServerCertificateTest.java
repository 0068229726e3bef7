package org.bitnetj.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.Key;
import java.security.KeyStore;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ServerCertificateTest {
  private static final char[] PASSWORD = "secret".toCharArray();

  @TempDir private Path folder;

  /** A certificate of its own for this machine, made by the JDK's keytool. */
  private KeyStore make(String algorithm) throws Exception {
    Path file = Files.createTempDirectory(folder, "store").resolve("keys.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                algorithm,
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost,ip:127.0.0.1",
                "-storetype",
                "PKCS12",
                "-keystore",
                file.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, keytool.waitFor(), said);
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file)) {
      store.load(in, PASSWORD);
    }
    return store;
  }

  private Path pem(String name, String kind, byte[] bytes) throws IOException {
    String base64 =
        Base64.getMimeEncoder(64, "\n".getBytes(StandardCharsets.US_ASCII)).encodeToString(bytes);
    return Files.writeString(
        folder.resolve(name),
        "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(kind, base64, kind));
  }

  private Path certificate(KeyStore store) throws Exception {
    return pem("cert.pem", "CERTIFICATE", store.getCertificate("server").getEncoded());
  }

  private Path key(KeyStore store, String kind) throws Exception {
    Key key = store.getKey("server", PASSWORD);
    return pem("key.pem", kind, key.getEncoded());
  }

  private static SSLContext trusting(KeyStore store) throws Exception {
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("server", store.getCertificate("server"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void aServerWithACertificateSpeaksHttps(String algorithm) throws Exception {
    KeyStore store = make(algorithm);
    ServerCertificate certificate =
        ServerCertificate.read(certificate(store), key(store, "PRIVATE KEY"));
    try (ServedModel served = new ServedModel(ServedModel.options().withCertificate(certificate));
        HttpClient client = HttpClient.newBuilder().sslContext(trusting(store)).build()) {
      URI uri = URI.create("https://localhost:" + served.server.port() + "/v1/completions");
      String body = "{\"prompt\": \"Once\", \"max_tokens\": 20, \"stream\": true}";
      for (int i = 0; i < 2; i++) {
        HttpResponse<String> response =
            client.send(
                HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString(body)).build(),
                HttpResponse.BodyHandlers.ofString());
        assertEquals(200, response.statusCode());
        assertTrue(response.body().endsWith("data: [DONE]\n\n"));
        assertTrue(response.sslSession().isPresent());
      }
    }
  }

  @Test
  void aClientThatGoesIsNoticedToo() throws Exception {
    KeyStore store = make("EC");
    ServerCertificate certificate =
        ServerCertificate.read(certificate(store), key(store, "PRIVATE KEY"));
    try (ServedModel served = new ServedModel(ServedModel.options().withCertificate(certificate))) {
      String body =
          "{\"prompt\": \"Once\", \"n\": 16, \"max_tokens\": 500, \"logit_bias\": {\"4095\":"
              + " -100}}";
      try (SSLSocket socket =
          (SSLSocket)
              trusting(store).getSocketFactory().createSocket("localhost", served.server.port())) {
        socket
            .getOutputStream()
            .write(
                ("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                        + body.length()
                        + "\r\n\r\n"
                        + body)
                    .getBytes(StandardCharsets.UTF_8));
        while (served.model.status().sessions() == 0) {
          Thread.sleep(1);
        }
      }
      while (served.model.status().sessions() > 0) {
        Thread.sleep(1);
      }
      assertTrue(served.model.status().rows() < 4000, served.model.status().rows() + " tokens");
    }
  }

  private static void refused(String part, Path certificate, Path key) {
    IOException e = assertThrows(IOException.class, () -> ServerCertificate.read(certificate, key));
    assertTrue(e.getMessage().contains(part), e.getMessage());
  }

  @Test
  void filesThatAreSomethingElseAreRefusedByName() throws Exception {
    KeyStore store = make("EC");
    Path certificate = certificate(store);
    Path key = key(store, "PRIVATE KEY");
    refused("Cannot read " + folder.resolve("none"), folder.resolve("none"), key);
    refused(key + " has no certificate", key, key);
    refused(certificate + " has no private key", certificate, certificate);
    refused("a certificate that cannot be read", pem("bad.pem", "CERTIFICATE", new byte[9]), key);
    Path other =
        pem("other.pem", "PRIVATE KEY", make("EC").getKey("server", PASSWORD).getEncoded());
    refused(other + " is not that of the certificate in " + certificate, certificate, other);
    Path rsa = pem("rsa.pem", "PRIVATE KEY", make("RSA").getKey("server", PASSWORD).getEncoded());
    refused(rsa + " has no EC key", certificate, rsa);
    refused("openssl pkcs8", certificate, pem("old.pem", "EC PRIVATE KEY", new byte[9]));
    refused("openssl pkcs8", certificate, pem("enc.pem", "ENCRYPTED PRIVATE KEY", new byte[9]));
  }
}
