// The token of a web identity: read anew each time, since whoever issues it replaces the file, and whose it is as far as
// the token itself says so. It verifies nothing: STS does.
import { readOwnFile } from "../account/own-file.ts";
import { sha256 } from "../digest.ts";
import { KeywrightError } from "../errors.ts";
import { Secret } from "../secret.ts";
import { jsonObject } from "./json-object.ts";

/** Throws `configuration` when the file has none. */
export function identityToken(path: string): Secret {
  const file = readOwnFile(path, 65536);
  const text = file.state === "read" ? file.text.trim() : "";
  if (text !== "") return new Secret(text);
  const fault = file.state === "read" ? "is empty" : "cannot be read";
  throw new KeywrightError("configuration", `the web identity token file ${path} ${fault}`, {
    hint: "Check AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file in the profile.",
  });
}

/** What changes whenever the same identity gets another token. */
const PASSING: ReadonlySet<string> = new Set(["jti", "iat", "exp", "nbf", "auth_time", "nonce"]);

/** Names whom the token is for, the same for the next token of the same identity. */
export function holderOf(token: Secret): string {
  const [, payload = ""] = token.reveal().split(".");
  const claims = jsonObject(Buffer.from(payload, "base64url").toString("utf8"));
  if (claims === undefined) return `token ${token.fingerprint().slice(0, 16)}`;
  const lasting = Object.entries(claims).filter(([name]) => !PASSING.has(name));
  const digest = sha256(JSON.stringify(lasting.sort(([a], [b]) => (a < b ? -1 : 1)))).slice(0, 16);
  const { sub } = claims;
  return `${typeof sub === "string" ? sub.replace(/[^\u0020-\u007e]/g, "?").slice(0, 200) : "?"} (claims ${digest})`;
}
