// The recording menda cloud of the comparison: one server, in the clear and over TLS, with a path of its own for every
// case and side. It has no metadata, so both sides speak the menda form.
import { createAuthority } from "../../io/certificates.ts";
import { header, recordingServer, response, type Answer, type Recorded } from "../../io/servers.ts";
import type { OracleCase, Reply } from "./case.ts";

/** `t`: theirs. `l`: our library. `p`: our process. One letter each, so that texts have the same length. */
export type Side = "t" | "l" | "p";

export interface OracleServer {
  /** What the placeholders of a case stand for. */
  placeholders(side: Side, index: number): Readonly<Record<string, string>>;
  /** What was asked on this side of this case, oldest first. */
  requests(side: Side, index: number): readonly string[];
  close(): Promise<void>;
}

export async function oracleServer(cases: readonly OracleCase[], folder: string): Promise<OracleServer> {
  const seen = new Map<string, string[]>();
  const answer: Answer = (request) => {
    const { place, index, path } = routeOf(request);
    const line = shown(request, path);
    if (!path.startsWith("/.well-known/")) seen.set(place, [...(seen.get(place) ?? []), line]);
    const reply = replyTo(cases[index], path);
    return reply === undefined
      ? response(404, '{"detail":"Not Found"}')
      : written(reply, request, place, ports.plain);
  };
  const ports = { plain: 0, tls: 0, closed: 0 };
  const authority = createAuthority(folder, "oracle");
  const plain = await recordingServer(answer);
  const tls = await recordingServer(answer, authority.issue("IP:127.0.0.1"));
  const closed = await recordingServer(() => undefined);
  await closed.close();
  Object.assign(ports, { plain: plain.port, tls: tls.port, closed: closed.port });
  return {
    placeholders: (side, index) => ({
      host: `http://127.0.0.1:${ports.plain}/${side}/${index}`,
      https: `https://127.0.0.1:${ports.tls}/${side}/${index}`,
      side: `${side}/${index}`,
      port: String(ports.plain),
      closed: String(ports.closed),
      ca: authority.file,
    }),
    requests: (side, index) => seen.get(`/${side}/${index}`) ?? [],
    async close() {
      await plain.close();
      await tls.close();
    },
  };
}

/** A proxy's request names the whole address; the metadata's path comes before the case's own. */
function routeOf({ lines }: Recorded): {
  readonly place: string;
  readonly index: number;
  readonly path: string;
} {
  const target = lines[0]?.split(" ")[1] ?? "";
  const [whole = "", index = ""] = /\/[tlp]\/(\d+)/.exec(target) ?? [];
  return {
    place: whole,
    index: Number(index),
    path: target.replace(/^https?:\/\/[^/]+/, "").replace(whole, ""),
  };
}

function replyTo(found: OracleCase | undefined, path: string): Reply | undefined {
  if (path.startsWith("/api/v1/auth/oauth2/token")) return found?.token;
  if (path.startsWith("/api/v1/auth/registry/token")) return found?.registry;
  return path === "/moved" ? { status: 200, body: '{"access_token":"moved","token":"moved"}' } : undefined;
}

const SHOWN_HEADERS = ["authorizationtoken", "authorization", "content-type", "content-length"];

function shown(request: Recorded, path: string): string {
  const [method = "", target = ""] = request.lines[0]?.split(" ") ?? [];
  const headers = SHOWN_HEADERS.flatMap((name) => {
    const value = header(request, name);
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  const through = /^https?:/.test(target) ? "through a proxy" : "";
  return [`${method} ${path}`, ...headers, request.body, through].filter((part) => part !== "").join(" | ");
}

function written(reply: Reply, request: Recorded, place: string, port: number): Buffer | string | undefined {
  if (reply.fault === "silence") return undefined;
  const query = request.lines[0]?.split(" ")[1]?.split("?")[1] ?? "";
  const bearer = (header(request, "authorizationToken") ?? "").replace("Bearer ", "");
  const body = reply.body.replace("{query}", query).replace("{bearer}", bearer);
  const headers = (reply.headers ?? []).map((line) =>
    line.replace("{host}", `http://127.0.0.1:${port}${place}`),
  );
  if (reply.fault === "hang up") return response(reply.status, body, ...headers).slice(0, -5);
  const text = response(reply.status, body, ...headers);
  return reply.latin1 === true
    ? Buffer.from(text.replace(/Content-Length: \d+/, `Content-Length: ${body.length}`), "latin1")
    : text;
}
