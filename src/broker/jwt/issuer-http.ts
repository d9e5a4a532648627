// How the broker asks an issuer or a provider: https with a verified certificate, no redirect, and no address of a
// private network, resolved once and connected to as it was checked. It reads no answer.
import { KeywrightError } from "../../errors.ts";
import type { Http } from "../../io/http.ts";

export interface IssuerHttpOptions {
  /** True: the configuration says that it is inside; plain http to loopback is possible then. */
  readonly privateNetwork?: boolean | undefined;
}

/** Its requests throw `backend` for a redirect, besides what `http` throws. */
export function issuerHttp(http: Http, { privateNetwork = false }: IssuerHttpOptions = {}): Http {
  return {
    async request(request) {
      const reply = await http.request({ ...request, publicOnly: !privateNetwork });
      if (reply.status < 300 || reply.status > 399) return reply;
      throw new KeywrightError("backend", `${new URL(request.url).origin} answered with a redirect`, {
        hint: "Redirects are not followed: configure the address that it leads to.",
      });
    },
  };
}
