// Every endpoint of the broker, in one list: what the application mounts and what the OpenAPI document describes.
import type { Core } from "./core.ts";
import { mendaFace } from "./menda-face.ts";
import { metadataEndpoints } from "./metadata.ts";
import { operationEndpoints } from "./operation.ts";
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
    ...registryFace(core, registry),
    ...mendaFace(core, registry),
  ];
}
