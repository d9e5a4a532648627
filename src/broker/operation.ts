// What an operator's tools ask: is it up, is it ready, what does it do. Nothing here names a client or a secret.
import type { Core } from "./core.ts";
import { ok, type Endpoint } from "./reply.ts";

/** The caller is not asked who it is: keep these paths from strangers in the proxy. */
export function operationEndpoints(core: Core): readonly Endpoint[] {
  return [
    { method: "GET", path: "/healthz", handle: () => ok({ status: "ok" }) },
    { method: "GET", path: "/readyz", handle: () => core.health.ready() },
    { method: "GET", path: "/metrics", handle: () => ({ status: 200, body: core.metrics.text() }) },
  ];
}
