// A small load generator: one request, sent again and again over some kept-alive connections, without pipelining; or many,
// each sent once. It is a process of its own (`node bench/load.ts`), reads what to do as JSON on stdin, and prints what it
// measured as JSON.
import { connect } from "node:net";

export interface Load {
  readonly host: string;
  readonly port: number;
  /** A whole HTTP/1.1 request; of many, each is sent once, and there have to be enough. */
  readonly request: string | readonly string[];
  readonly connections: number;
  readonly seconds: number;
  /** Not counted. */
  readonly warmUpSeconds: number;
}

export interface Measured {
  readonly answers: number;
  /** Answers that were not 2xx. */
  readonly refused: number;
  readonly seconds: number;
  readonly p50: number;
  /** Milliseconds. */
  readonly p99: number;
}

if (import.meta.main) {
  let text = "";
  for await (const chunk of process.stdin) text += String(chunk);
  console.log(JSON.stringify(await drive(JSON.parse(text) as Load)));
}

async function drive({ host, port, request, connections, ...load }: Load): Promise<Measured> {
  const begin = performance.now() + load.warmUpSeconds * 1000;
  const end = begin + load.seconds * 1000;
  const times: number[] = [];
  let refused = 0;
  const texts = typeof request === "string" ? [request] : request;
  const all = texts.map((text) => Buffer.from(text, "latin1"));
  let next = 0;
  const nextBytes = (): Buffer => {
    const bytes = all[all.length === 1 ? 0 : next++];
    if (bytes === undefined) throw new Error(`all ${all.length} requests are sent`);
    return bytes;
  };
  const one = (): Promise<void> =>
    new Promise((done, failed) => {
      const socket = connect({ host, port, noDelay: true });
      let sent = 0;
      let text = "";
      const send = (): void => {
        sent = performance.now();
        socket.write(nextBytes());
      };
      socket.setEncoding("latin1").on("connect", send).on("error", failed);
      socket.on("close", () => failed(new Error("the server closed a connection")));
      socket.on("data", (chunk: string) => {
        text = text === "" ? chunk : text + chunk;
        if (!isWhole(text)) return;
        const now = performance.now();
        if (now >= begin && now < end) times.push(now - sent);
        if (text[9] !== "2" && now >= begin) refused += 1;
        text = "";
        if (now < end) return send();
        socket.removeAllListeners("close").destroy();
        done();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { answers: times.length, refused, seconds: load.seconds, p50: at(0.5), p99: at(0.99) };
}

/** Only what these servers send: a Content-Length, or one run of chunks. */
function isWhole(text: string): boolean {
  const head = text.indexOf("\r\n\r\n");
  if (head === -1) return false;
  const length = /\r\ncontent-length: *([0-9]+)/i.exec(text.slice(0, head + 2))?.[1];
  if (length !== undefined) return text.length >= head + 4 + Number(length);
  return text.endsWith("0\r\n\r\n") || text.startsWith("HTTP/1.1 204");
}
