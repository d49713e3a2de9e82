# `trimtab serve` in a container, from the packages that `make package` built:
#
#   docker build --file Dockerfile --tag trimtab target/packages
#   docker run --publish 127.0.0.1:8080:8080 --volume "$PWD/token:/run/secrets/trimtab-token:ro" trimtab
#
# An address that other machines can reach is served only with a token; TLS is left to a proxy.
FROM debian:12-slim AS unpacked
ARG TARGETARCH=amd64
COPY trimtab-*-linux.tar.gz /packages/
RUN case "$TARGETARCH" in \
      amd64) machine=x86_64 ;; \
      arm64) machine=aarch64 ;; \
      *) echo "no package for $TARGETARCH" >&2; exit 1 ;; \
    esac \
    && mkdir /trimtab \
    && tar --extract --gzip --strip-components=1 --directory /trimtab \
         --file "$(echo /packages/trimtab-*-"$machine"-linux.tar.gz)"

FROM debian:12-slim
COPY --from=unpacked /trimtab/trimtab /usr/local/bin/trimtab
COPY --from=unpacked /trimtab/LICENSE-APACHE /trimtab/LICENSE-MIT /usr/share/doc/trimtab/
# The compiled module is kept here, so that a restart does not compile it again.
RUN useradd --system --uid 10001 --create-home --shell /usr/sbin/nologin trimtab
USER 10001:10001
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=3s --start-period=20s \
  CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /livez HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r status <&3 && [[ $status == *' 200 '* ]]"]
ENTRYPOINT ["trimtab"]
CMD ["serve", "--http", "0.0.0.0:8080", "--allow-remote", "--token-file", "/run/secrets/trimtab-token"]
