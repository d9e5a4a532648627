// Every endpoint of the broker, in one list: what the application mounts and what the OpenAPI document describes.
import type { Core } from "./core.ts";
import { whoamiEndpoint } from "./login/whoami.ts";
import { mendaFace } from "./menda-face.ts";
import { metadataEndpoints, namingMetadata } from "./metadata.ts";
import { operationEndpoints } from "./operation.ts";
import { pageEndpoints } from "./pages/endpoints.ts";
import { registryFace } from "./registry-face.ts";
import { createRegistryGrant } from "./registry-grant.ts";
import type { Endpoint } from "./reply.ts";
import { standardFace } from "./standard-face.ts";

export function endpointsOf(core: Core): readonly Endpoint[] {
  const registry = createRegistryGrant(core);
  return [
    ...metadataEndpoints(core),
    ...operationEndpoints(core),
    ...standardFace(core),
    namingMetadata(core, whoamiEndpoint(core)),
    ...registryFace(core, registry).map((one) => namingMetadata(core, one)),
    ...mendaFace(core, registry),
    ...pageEndpoints(core),
  ];
}
