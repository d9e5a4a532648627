// A menda cloud for logins that follows a script, and holds every request to what menda-cli 0.5.0 sends (read in its source):
// what differs is a fault.
import { createHash } from "node:crypto";
import { header, recordingServer, response, type Recorded, type Server } from "../../io/servers.ts";

export const CLIENT = "app client/1";
export const DEVICE_CODE = "canary-device.code_1";
export const USER_CODE = "BCDF-GHJK";

export interface Script {
  readonly discovery?: string;
  readonly authorize?: string;
  /** What each poll gets, in order; the last one for all that follow. undefined: silence. */
  readonly polls?: readonly (string | undefined)[];
  readonly whoami?: string;
  /** Called before each poll is answered. */
  readonly onPoll?: () => void;
}

export interface DeviceCloud extends Server {
  readonly host: string;
  readonly faults: string[];
  /** How often the token was asked for. */
  polls(): number;
}

export const json = (status: number, data: unknown): string =>
  response(status, JSON.stringify(data), "Content-Type: application/json");
export const html = (status: number): string =>
  response(status, "<html><body>Bad gateway</body></html>", "Content-Type: text/html");

export const DEVICE = {
  device_code: DEVICE_CODE,
  user_code: USER_CODE,
  verification_uri: "/device",
  verification_uri_complete: `/device?user_code=${USER_CODE}`,
  expires_in: 600,
  interval: 1,
};
export const TOKENS = {
  id_token: "canary-id.token",
  access_token: "canary-access_token",
  refresh_token: "canary-refresh",
  expires_in: 3600,
  token_type: "Bearer",
};
export const PENDING = json(400, { error: "authorization_pending", detail: "pending" });

const KEYS = ["client_id", "redirect_uri", "device_code", "grant_type", "code_verifier"];

export async function deviceCloud(script: Script): Promise<DeviceCloud> {
  const faults: string[] = [];
  let host = "";
  let challenge = "";
  let polls = 0;
  const expect = (ok: boolean, what: string): void => void (ok || faults.push(what));

  function authorized(query: URLSearchParams, request: Recorded): void {
    const keys = [...query.keys()].join();
    expect(keys === "client_id,scope,code_challenge,code_challenge_method", `authorize: ${keys}`);
    expect(query.get("client_id") === CLIENT, "authorize: client_id");
    expect(query.get("scope") === "openid", "authorize: scope");
    expect(query.get("code_challenge_method") === "S256", "authorize: method");
    expect(header(request, "content-type") === undefined && request.body === "", "authorize: a body");
    expect(header(request, "content-length") === "0", "authorize: content-length");
    challenge = query.get("code_challenge") ?? "";
    expect(/^[A-Za-z0-9_-]{43}$/.test(challenge), "authorize: challenge");
  }

  function polled(request: Recorded): void {
    expect(header(request, "content-type") === "application/json", "token: content-type");
    const body = JSON.parse(request.body) as Record<string, unknown>;
    expect(Object.keys(body).join() === KEYS.join(), "token: keys");
    expect(body["client_id"] === CLIENT, "token: client_id");
    expect(body["redirect_uri"] === `${host}/auth/device/callback`, "token: redirect_uri");
    expect(body["device_code"] === DEVICE_CODE, "token: device_code");
    expect(body["grant_type"] === "urn:ietf:params:oauth:grant-type:device_code", "token: grant_type");
    const verifier = String(body["code_verifier"]);
    expect(/^[A-Za-z0-9._~-]{43,128}$/.test(verifier), "token: verifier");
    const made = createHash("sha256").update(verifier).digest("base64url");
    expect(made === challenge, "token: not the challenge");
  }

  const server = await recordingServer((request) => {
    const [method = "", target = ""] = (request.lines[0] ?? "").split(" ");
    const { pathname, searchParams } = new URL(target, host);
    if (pathname.startsWith("/.well-known/")) return json(404, { detail: "Not Found" });
    expect(header(request, "authorization") === undefined, `${pathname}: Authorization`);
    switch (`${method} ${pathname}`) {
      case "GET /api/v1/auth/discovery":
        expect(searchParams.toString() === "hostname=127.0.0.1", "discovery: query");
        return script.discovery ?? json(200, { app_client_id: CLIENT, more: 1 });
      case "POST /api/v1/auth/device/authorize":
        authorized(searchParams, request);
        return script.authorize ?? json(200, DEVICE);
      case "POST /api/v1/auth/device/token": {
        polled(request);
        script.onPoll?.();
        const answers = script.polls ?? [json(200, TOKENS)];
        polls += 1;
        return answers[Math.min(polls, answers.length) - 1];
      }
      case "GET /api/v1/auth/whoami":
        expect(header(request, "authorizationToken")?.startsWith("canary-") === true, "whoami: token");
        return script.whoami ?? json(404, { detail: "Not Found" });
      default:
        faults.push(`${method} ${pathname}`);
        return json(404, { detail: "Not Found" });
    }
  });
  host = `http://127.0.0.1:${server.port}`;
  return { ...server, host, faults, polls: () => polls };
}
