// The keys of each configured issuer, remembered over a reload of the configuration as long as its settings are the same.
// An issuer's discovery document may name keys on its own origin only; any other place has to be configured.
import { KeywrightError } from "../../errors.ts";
import type { IssuerSettings } from "../../config/workloads.ts";
import { systemClock } from "../../io/clock.ts";
import { createHttp, type Http } from "../../io/http.ts";
import type { Core } from "../core.ts";
import { issuerHttp } from "../jwt/issuer-http.ts";
import { createJwks } from "../jwt/jwks.ts";
import type { KeySource } from "../jwt/verify.ts";

export function keysOf(core: Core, issuer: IssuerSettings): KeySource {
  const { keys } = core.memory;
  const settings = JSON.stringify(issuer);
  const known = keys.get(settings) ?? newKeys(core, issuer);
  keys.set(settings, known);
  return known;
}

function newKeys({ http, clock }: Core, settings: IssuerSettings): KeySource {
  const { issuer, jwksUri, privateNetwork, caFile, name } = settings;
  const caBundle = caFile === undefined ? undefined : { file: caFile, namedBy: `issuers.${name}.ca_file` };
  const plain = caBundle === undefined ? http : createHttp({ env: {}, clock: systemClock, caBundle });
  const asking = issuerHttp(plain, { privateNetwork });
  return jwksUri === undefined
    ? createJwks({ http: onOrigin(asking, new URL(issuer).origin), clock, issuer })
    : createJwks({ http: asking, clock, url: jwksUri });
}

/** A discovery document cannot send the broker anywhere else. */
function onOrigin(http: Http, origin: string): Http {
  return {
    async request(request) {
      const target = URL.parse(request.url)?.origin;
      if (target === origin) return http.request(request);
      throw new KeywrightError("backend", `${origin} names keys that are not on its own origin`, {
        hint: "If that is meant, name them in the configuration: jwks_uri.",
      });
    },
  };
}
