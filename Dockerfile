# There is nothing to compile: Node runs the TypeScript files as they are. Digests are kept by Renovate.
FROM registry.k8s.io/kustomize/kustomize:v5.8.1@sha256:899fcd3bc898160e62bcaf82932b0cb29ba38d16272353db2e7acbba82129429 AS kustomize

FROM node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6
ENV NODE_ENV=production
WORKDIR /app

COPY --from=kustomize /app/kustomize /usr/local/bin/kustomize

# The packages first: they change less often than the code.
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && npm cache clean --force

COPY bin ./bin
COPY src ./src
COPY commands ./commands
COPY webhooks ./webhooks
COPY bootstrap/ladder.yaml ./bootstrap/ladder.yaml

# A number, so that Kubernetes can see that it is not root. Nothing under /app is written: the root file
# system may be read-only, with a volume at /tmp (kustomize builds there).
USER 1000:1000

# For plain Docker; Kubernetes asks /healthz and /readyz itself.
ENV FLUX_CHATOPS_HEALTH_URL=http://127.0.0.1:9090/healthz
HEALTHCHECK --interval=10s --timeout=3s --start-period=15s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.FLUX_CHATOPS_HEALTH_URL).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]

# A young generation of at most 8 MiB: two clusters of 2,500 objects then stay below 256 MiB, as measured.
CMD ["node", "--max-semi-space-size=8", "src/entry/serve.ts"]
