package org.bitnetj.server;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** With what a server shows by TLS who it is. Immutable. */
public final class ServerCertificate {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  private final SSLContext context;

  private ServerCertificate(SSLContext context) {
    this.context = context;
  }

  /**
   * Reads PEM files.
   *
   * @param certificate the server's certificate first, then those that vouch for it
   * @param key its private key in PKCS #8 ({@code BEGIN PRIVATE KEY}), not encrypted
   * @return the certificate with its key
   * @throws IOException if a file cannot be read, holds something else, or the key is not the
   *     certificate's; the message is a sentence
   */
  public static ServerCertificate read(Path certificate, Path key) throws IOException {
    Objects.requireNonNull(certificate, "certificate is null");
    Objects.requireNonNull(key, "key is null");
    List<X509Certificate> chain = chain(certificate);
    PublicKey publicKey = chain.getFirst().getPublicKey();
    PrivateKey privateKey = key(key, publicKey.getAlgorithm());
    try {
      if (!belongTogether(privateKey, publicKey)) {
        throw new IOException(
            "The private key in "
                + key
                + " is not that of the certificate in "
                + certificate
                + ".");
      }
      char[] password = new char[0];
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, password);
      store.setKeyEntry("server", privateKey, password, chain.toArray(new X509Certificate[0]));
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(store, password);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keys.getKeyManagers(), null, null);
      return new ServerCertificate(context);
    } catch (GeneralSecurityException e) {
      throw new IOException(
          "The certificate in " + certificate + " cannot be used: " + e.getMessage(), e);
    }
  }

  SSLContext context() {
    return context;
  }

  private static List<X509Certificate> chain(Path file) throws IOException {
    List<X509Certificate> chain = new ArrayList<>();
    Matcher blocks = BLOCK.matcher(text(file));
    while (blocks.find()) {
      if (blocks.group(1).equals("CERTIFICATE")) {
        try {
          chain.add(
              (X509Certificate)
                  CertificateFactory.getInstance("X.509")
                      .generateCertificate(new ByteArrayInputStream(bytes(file, blocks.group(2)))));
        } catch (GeneralSecurityException e) {
          throw new IOException(
              file + " has a certificate that cannot be read: " + e.getMessage(), e);
        }
      }
    }
    if (chain.isEmpty()) {
      throw new IOException(
          file + " has no certificate in PEM form: no line is '-----BEGIN CERTIFICATE-----'.");
    }
    return chain;
  }

  private static PrivateKey key(Path file, String algorithm) throws IOException {
    Matcher blocks = BLOCK.matcher(text(file));
    while (blocks.find()) {
      String kind = blocks.group(1);
      if (kind.equals("PRIVATE KEY")) {
        try {
          return KeyFactory.getInstance(algorithm)
              .generatePrivate(new PKCS8EncodedKeySpec(bytes(file, blocks.group(2))));
        } catch (GeneralSecurityException e) {
          throw new IOException(
              file + " has no " + algorithm + " key, as the certificate needs one.", e);
        }
      }
      if (kind.endsWith("PRIVATE KEY")) {
        throw new IOException(
            file
                + " has a key in the form '"
                + kind
                + "'; bring it into that of PKCS #8: openssl pkcs8 -topk8 -nocrypt -in "
                + file
                + " -out NEW_FILE");
      }
    }
    throw new IOException(
        file + " has no private key in PEM form: no line is '-----BEGIN PRIVATE KEY-----'.");
  }

  private static String text(Path file) throws IOException {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new IOException("Cannot read " + file + ": " + e, e);
    }
  }

  private static byte[] bytes(Path file, String base64) throws IOException {
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " is damaged: " + e.getMessage(), e);
    }
  }

  private static boolean belongTogether(PrivateKey privateKey, PublicKey publicKey)
      throws GeneralSecurityException {
    String algorithm =
        switch (publicKey.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> publicKey.getAlgorithm();
        };
    byte[] probe = "probe".getBytes(StandardCharsets.UTF_8);
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(privateKey);
    signer.update(probe);
    byte[] signature = signer.sign();
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(publicKey);
    verifier.update(probe);
    return verifier.verify(signature);
  }
}
