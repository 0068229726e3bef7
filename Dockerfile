# A server with the APIs of OpenAI and Anthropic: see compose.yaml, and docs/server.md.
#
#   docker build -t bitnet .
#   docker run --rm -p 127.0.0.1:8080:8080 -m 2g bitnet
FROM eclipse-temurin:25-jdk AS build
RUN apt-get update -q \
    && apt-get install -q -y --no-install-recommends maven cmake ninja-build clang libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN mvn -Pdist package -pl java/cli -am -DskipTests -Dmaven.test.skip=true -Dnative.target=bitnet \
    && mkdir /opt/bitnet \
    && tar -xzf java/cli/target/dist/bitnet-*-linux-"$(uname -m)".tar.gz -C /opt/bitnet --strip-components=1

FROM eclipse-temurin:25-jre
RUN useradd --create-home --uid 10001 bitnet \
    && install -d -o bitnet -g bitnet /home/bitnet/.cache
COPY --from=build /opt/bitnet /opt/bitnet
USER bitnet
# Fetched models, packed weights and the copied native library.
VOLUME /home/bitnet/.cache
EXPOSE 8080
ENTRYPOINT ["/opt/bitnet/bitnet"]
CMD ["serve", "--host", "0.0.0.0"]
