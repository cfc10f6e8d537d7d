# The image of Lazaret: one static program on an empty file system, run by a user who is not root.
#
#   docker build --tag lazaret:0.1.0 --build-arg COMMIT="$(git rev-parse HEAD)" .
#   docker run --rm --publish 127.0.0.1:8080:8080 lazaret:0.1.0          # a demonstration; open http://127.0.0.1:8080
#   docker run --rm --volume "$PWD":/work:ro lazaret:0.1.0 simulate /work/gateway.toml
#
# Why no distribution below it: the program is linked with musl and needs no library, time zones and screens are inside it, and
# it calls no other program that an image could hold. So there is no shell to break into, and no package to keep up to date but
# the program. The price is that `docker exec` has no shell either; `lazaret doctor --server` answers what one would ask.

FROM node:22-bookworm-slim AS screens
WORKDIR /web
COPY web/package.json web/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY web/ ./
RUN LAZARET_WEB_OUT=/screens npm run build

FROM rust:1.95-bookworm AS program
# The toolchain of the base image, whatever rust-toolchain.toml would fetch.
ENV RUSTUP_TOOLCHAIN=1.95
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends musl-tools \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
COPY --from=screens /screens /screens
ARG COMMIT=""
ENV LAZARET_WEB_DIST=/screens LAZARET_REQUIRE_WEB=1 LAZARET_COMMIT=$COMMIT
RUN target="$(uname -m)-unknown-linux-musl" \
    && rustup target add "$target" \
    && cargo build --release --locked --package lazaret --features full --target "$target" \
    && bash deploy/container/root "target/$target/release/lazaret" /image

FROM scratch
COPY --from=program /image/system/ /
COPY --from=program --chown=65532:65532 /image/owned/ /
ENV PATH=/usr/bin TMPDIR=/tmp
USER 65532:65532
WORKDIR /data
VOLUME ["/data"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=12s --start-period=60s \
    CMD ["/usr/bin/lazaret", "doctor", "--server", "http://127.0.0.1:8080"]
ENTRYPOINT ["/usr/bin/lazaret"]
CMD ["demo", "--no-browser", "--listen", "0.0.0.0:8080"]
