// How a person logs in at a host: decided from what the host offers, what there is here, and what the person said. Pure.
import type { HostMetadata } from "../account/host-metadata.ts";
import { KeywrightError } from "../errors.ts";
import type { Browser } from "../io/open-browser.ts";

export type Way =
  /** The login of menda-cli, whose token the originals can use. */
  | { readonly kind: "menda"; readonly shared: boolean }
  | { readonly kind: "browser"; readonly authorizationEndpoint: string; readonly tokenEndpoint: string }
  | { readonly kind: "device"; readonly deviceEndpoint: string; readonly tokenEndpoint: string };

export interface WayWanted {
  /** True: a code that is confirmed on any device. */
  readonly device?: boolean | undefined;
  /** True: the browser of this machine; false: none is opened. */
  readonly browser?: boolean | undefined;
  readonly shareWithMenda?: boolean | undefined;
}

/** Throws `configuration` when the host does not offer what was wanted, `usage` for wishes that exclude each other. */
export function wayTo(
  host: string,
  metadata: HostMetadata | undefined,
  { device = false, browser: wanted, shareWithMenda }: WayWanted,
  browser: Browser | undefined,
): Way {
  if (device && wanted === true)
    throw new KeywrightError("usage", "--device and --browser exclude each other");
  const shared = shareWithMenda ?? metadata === undefined;
  if (metadata === undefined || shared) {
    if (wanted !== true) return { kind: "menda", shared };
    throw new KeywrightError("usage", `${host} offers this login by a code only`, {
      hint:
        metadata === undefined
          ? "Leave --browser out."
          : "What menda-keyring can use is had by a code; leave --browser out.",
    });
  }
  const { tokenEndpoint, authorizationEndpoint, deviceEndpoint } = metadata;
  if (tokenEndpoint === undefined) throw nothing(host, "no token endpoint");
  const coded = metadata.grantTypes.includes("authorization_code") ? authorizationEndpoint : undefined;
  const here = wanted === true || (wanted === undefined && !device && browser?.here === true);
  if (coded !== undefined && here) return { kind: "browser", authorizationEndpoint: coded, tokenEndpoint };
  if (wanted === true) throw nothing(host, "no login in the browser of this machine; leave --browser out");
  if (deviceEndpoint !== undefined) return { kind: "device", deviceEndpoint, tokenEndpoint };
  throw nothing(
    host,
    coded === undefined ? "no login for people" : "only the login in the browser of this machine (--browser)",
  );
}

function nothing(host: string, what: string): KeywrightError {
  return new KeywrightError("configuration", `${host} offers ${what}`, {
    hint: "Its metadata says what it offers: /.well-known/oauth-authorization-server",
  });
}
