// What the pages load: the stylesheet, the icon and the scripts. Each has a hash of its content in its name, so that
// it may be kept for ever, and a page never meets a piece of another release.
import { createHash } from "node:crypto";
import type { Endpoint } from "../reply.ts";
import { PASSKEY_SCRIPT } from "./passkey-script.ts";
import { ICON, STYLE } from "./style.ts";

export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly text: string;
}

export const STYLE_ASSET = assetOf("style", "css", "text/css; charset=utf-8", STYLE);
export const ICON_ASSET = assetOf("icon", "svg", "image/svg+xml", ICON);
export const PASSKEY_ASSET = assetOf("passkey", "js", "text/javascript; charset=utf-8", PASSKEY_SCRIPT);

export const ASSETS: readonly Asset[] = [STYLE_ASSET, ICON_ASSET, PASSKEY_ASSET];

export function assetEndpoints(): readonly Endpoint[] {
  return ASSETS.map(({ path, type, text }) => {
    const headers = {
      "Content-Type": type,
      "Cache-Control": "public, max-age=31536000, immutable",
      // An icon is a document of its own when somebody opens it.
      "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
      "Cross-Origin-Resource-Policy": "same-origin",
    };
    return { method: "GET", path, handle: () => ({ status: 200, body: text, headers }) };
  });
}

function assetOf(name: string, ending: string, type: string, text: string): Asset {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 16);
  return { path: `/assets/${name}-${hash}.${ending}`, type, text };
}
