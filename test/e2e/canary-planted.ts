// The secrets that the canary tests plant, and the shape of a row: one way in which a question fails.
import type { Answer } from "../io/servers.ts";
import { canary, type Canary } from "./canaries.ts";
import type { Program } from "./programs.ts";

const ODD = `/+~"'é <&>=`;
export const SECRET = canary("client secret", ODD);
export const ACCESS = canary("access token", "/+~=.", 22);
export const REGISTRY = canary("registry token", "/+~=.", 22);
export const LOGIN = canary("login token", "/+~=.", 22);
export const URL_PASSWORD = canary("password in an address", "~.");
export const PROXY_PASSWORD = canary("password of the proxy", "~.");
export const STDIN = canary("value on standard input", ODD);
export const CANARIES: readonly Canary[] = [
  SECRET,
  ACCESS,
  REGISTRY,
  LOGIN,
  URL_PASSWORD,
  PROXY_PASSWORD,
  STDIN,
];

export interface Place {
  /** The menda host of the row, on loopback. */
  readonly host: string;
  /** A proxy on loopback that answers 407 with whatever it was sent, `host:port`. */
  readonly proxy: string;
  /** The address of a server with a certificate that nobody signed. */
  readonly untrusted: string;
}

export interface Row {
  readonly name: string;
  /** What the menda host answers; undefined: as it should. */
  readonly cloud?: Answer;
  /** Keyring's arguments when it is `get` for our own address. */
  readonly argv?: readonly string[];
  readonly program?: Program;
  readonly env?: (place: Place) => Readonly<Record<string, string>>;
  /** Below HOME, over the usual ones. */
  readonly files?: (place: Place) => Readonly<Record<string, string>>;
  readonly input?: string;
  /** 1 when it is not said. */
  readonly code?: number;
  /** What standard error must say, so that the row fails where it means to. */
  readonly says: RegExp;
}

export const ADDRESS = "http://127.0.0.1:8999/simple/";
