# To pin a base, put its digest behind its name: FROM node:24-bookworm-slim@sha256:… AS build
FROM node:24-bookworm-slim AS build
WORKDIR /build
# What changes rarely comes first: these layers are used again as long as the dependencies stay.
COPY package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY schema schema
COPY src src
# The same sources make the same layer, so files carry no time of their own.
ARG SOURCE_DATE_EPOCH=0
RUN node schema/bundle.mjs app \
 && find app -exec touch --no-dereference --date="@${SOURCE_DATE_EPOCH}" {} +

FROM gcr.io/distroless/nodejs24-debian12:nonroot
# Where files are looked for, and where relative paths start.
WORKDIR /config
COPY --from=build /build/app /app
# A container is reached from outside only if it listens on every address; --host still goes before this.
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
