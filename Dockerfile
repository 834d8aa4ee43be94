# The digests pin the bases for both architectures; the bot of .github/dependabot.yml updates them.
FROM node:24-bookworm-slim@sha256:235600a8101ab264e117b1768e925532262668dc9b581ef1dd7d96ced463b8e7 AS build
WORKDIR /build
# These layers are used again as long as the dependencies stay the same.
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY schema schema
COPY src src
# The same sources make the same layer, so files carry no time of their own.
ARG SOURCE_DATE_EPOCH=0
RUN node schema/bundle.mjs app \
 && find app -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM gcr.io/distroless/nodejs24-debian12:nonroot@sha256:14d42e2511532589a7c7e01a753667a74fcc96266e137e8125006b87b0c32d0a
# By number, so that Kubernetes can check `runAsNonRoot`. The files of /app belong to root.
USER 65532:65532
# The folder of the configuration files, and of relative paths.
WORKDIR /config
COPY --from=build /build/app /app
# A container can be reached from outside only if it listens on all addresses; --host takes precedence.
ENV NODE_ENV=production \
    OIDC_PROVIDER_MOCK_HOST=0.0.0.0 \
    OIDC_PROVIDER_MOCK_CONFIG_DIR=/config
EXPOSE 9400
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["/nodejs/bin/node", "/app/dist/cli/index.js", "healthcheck"]
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/cli/index.js"]
CMD []
ARG VERSION=0.0.0-dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="oidc-provider-mock" \
      org.opencontainers.image.description="A mock OpenID Provider for developing and testing sign-in: one config file, hot reload, a login that works." \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.base.name="gcr.io/distroless/nodejs24-debian12:nonroot"
