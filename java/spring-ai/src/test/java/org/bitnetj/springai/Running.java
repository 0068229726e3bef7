package org.bitnetj.springai;

import java.util.Arrays;
import java.util.stream.Stream;
import org.bitnetj.testkit.ShippedModel;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

/** An application that has nothing but what is configured by itself. */
@SpringBootConfiguration
@EnableAutoConfiguration
class Running {
  /** With the shipped model. */
  static ConfigurableApplicationContext withModel(String... arguments) {
    Stream<String> own =
        Stream.of(
            "--bitnet.model=" + ShippedModel.path(),
            "--bitnet.chat-template=" + ShippedModel.TEMPLATE);
    return with(Stream.concat(own, Arrays.stream(arguments)).toArray(String[]::new));
  }

  static ConfigurableApplicationContext with(String... arguments) {
    return new SpringApplicationBuilder(Running.class)
        .web(WebApplicationType.NONE)
        .logStartupInfo(false)
        .run(arguments);
  }
}
