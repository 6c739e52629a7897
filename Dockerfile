# The Node.js of package.json, with which everything is tested. To build on a later one:
#   docker build --build-arg NODE_VERSION=26.12.1 .
ARG NODE_VERSION=26.10.0

FROM node:${NODE_VERSION}-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# Without scripts, the Node.js among the development dependencies stays uninstalled, and that of the image is used.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY src src
COPY providers providers
RUN node_modules/.bin/tsc --sourceMap false \
 && chmod +x dist/src/main.js \
 && mkdir bin \
 && ln -s ../dist/src/main.js bin/tidegate

FROM node:${NODE_VERSION}-trixie-slim AS modules
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:${NODE_VERSION}-trixie-slim
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tidegate" \
      org.opencontainers.image.description="Edge router and service-discovery sidecar that deploys without losing a request." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# Nothing is installed in a running container; what could install is one more thing to keep patched.
WORKDIR /usr/local
RUN rm -rf lib/node_modules bin/npm bin/npx bin/corepack bin/yarn bin/yarnpkg ../../opt/yarn*
WORKDIR /app
COPY LICENSE package.json ./
COPY deploy/image/tidegate.yml /etc/tidegate/tidegate.yml
COPY --from=modules /app/node_modules node_modules
COPY --from=build /app/bin bin
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/providers dist/providers
ENV PATH=/app/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# The only place that is written to (bodies that the middleware `buffering` keeps), also with a read-only root.
VOLUME ["/tmp"]
EXPOSE 8080 8081
USER 65532:65532
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["tidegate", "healthcheck"]
ENTRYPOINT ["tidegate"]
CMD ["run"]
