// The pages of the broker: what a person sees in a browser, plain HTML that works without a script except where a
// passkey is asked for. What they do is done in login/ and people/.
import type { Core } from "../core.ts";
import type { Endpoint } from "../reply.ts";
import { approvalEndpoints, approvalScriptEndpoints } from "./approval.ts";
import { assetEndpoints } from "./assets.ts";
import { deviceEndpoints } from "./device.ts";
import { asPage } from "./failures.ts";
import { passkeyEndpoints, signInEndpoints } from "./sign-in.ts";

/** Described in openapi-pages.ts. */
export function pageEndpoints(core: Core): readonly Endpoint[] {
  const pages = [...deviceEndpoints(core), ...approvalEndpoints(core), ...signInEndpoints(core)];
  return [
    ...pages.map((page) => asPage(core, page)),
    ...approvalScriptEndpoints(core),
    ...passkeyEndpoints(core),
    ...assetEndpoints(),
  ];
}
