// TLS with real handshakes: what is refused, and that a new pair of files comes into force while connections stay.
import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { connect, type TLSSocket } from "node:tls";
import type { Limits } from "../../src/broker/limits.ts";
import { watchTls } from "../../src/broker/tls-files.ts";
import { steadyClock } from "../../src/io/clock.ts";
import { createAuthority, type Authority, type Pair } from "../io/certificates.ts";
import { CONFIG, running, temporaryFolder, type Running } from "./broker.ts";
import { answerIn, HEALTHY, HEALTHZ, wire } from "./wire.ts";

interface Secured {
  readonly broker: Running;
  readonly authority: Authority;
  readonly put: (pair: Partial<Pair>) => void;
}

async function secured(t: TestContext, limits: Partial<Limits> = {}): Promise<Secured> {
  const folder = temporaryFolder(t);
  const authority = createAuthority(folder, "ca");
  const files = { cert: join(folder, "server.pem"), key: join(folder, "server.key") };
  const put = (pair: Partial<Pair>): void => {
    for (const name of ["cert", "key"] as const) {
      const text = pair[name];
      if (text === undefined) continue;
      writeFileSync(`${files[name]}.new`, text);
      renameSync(`${files[name]}.new`, files[name]);
    }
  };
  put(authority.issue("DNS:localhost"));
  const config = { ...CONFIG, limits };
  const broker = await running(t, { tlsFiles: files, watchSeconds: 0.02, config, steady: steadyClock });
  return { broker, authority, put };
}

interface Talk {
  readonly socket: TLSSocket;
  ask(text?: string): Promise<string>;
  readonly ended: Promise<string>;
}

function talk({ port, host }: Running, more: object = {}): Promise<Talk> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host, servername: "localhost", rejectUnauthorized: false, ...more });
    let got = "";
    let wake: (() => void) | undefined;
    socket.setEncoding("utf8").on("data", (chunk: string) => {
      got += chunk;
      wake?.();
    });
    const ended = new Promise<string>((end) => socket.on("close", () => end(got)));
    const ask = (text = HEALTHZ): Promise<string> =>
      new Promise((answer, fail) => {
        got = "";
        wake = () => got.endsWith("}") && answer(got);
        void ended.then(() => fail(new Error("ended")));
        socket.write(text);
      });
    socket.on("secureConnect", () => resolve({ socket, ask, ended }));
    socket.on("error", reject);
  });
}

const serialOf = async (broker: Running): Promise<string> => {
  const { socket } = await talk(broker);
  const { serialNumber } = socket.getPeerCertificate();
  socket.destroy();
  return serialNumber;
};

const eventually = async (happened: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await happened())) await new Promise((resolve) => setImmediate(resolve));
};

test("a new pair of files comes into force; the connections that are there stay", async (t) => {
  const { broker, authority, put } = await secured(t);
  const before = await serialOf(broker);
  const old = await talk(broker);
  assert.ok((await old.ask()).endsWith(HEALTHY));
  put(authority.issue("DNS:localhost"));
  await eventually(async () => (await serialOf(broker)) !== before);
  assert.ok((await old.ask()).endsWith(HEALTHY));
  assert.equal(old.socket.getPeerCertificate().serialNumber, before);
  old.socket.destroy();
  assert.ok(broker.logged.includes("the certificate was exchanged"));
});

test("a pair that is none is told once, and the old one stays until the next change", async (t) => {
  const { broker, authority, put } = await secured(t);
  const before = await serialOf(broker);
  const next = authority.issue("DNS:localhost");
  const told = () => broker.logged.filter((line) => line.startsWith("the new certificate is not used"));
  put({ cert: next.cert });
  await eventually(() => told().length === 1);
  assert.equal(await serialOf(broker), before);
  put({ key: next.key });
  await eventually(async () => (await serialOf(broker)) !== before);
  put({ cert: "nonsense" });
  await eventually(() => told().length === 2);
  assert.ok((await (await talk(broker)).ask()).endsWith(HEALTHY));
});

test("files are read when they have come to rest, and one that vanished is told", (t) => {
  const folder = temporaryFolder(t);
  const files = { cert: join(folder, "cert"), key: join(folder, "key") };
  const applied: string[] = [];
  const faults: string[] = [];
  for (const file of Object.values(files)) writeFileSync(file, "one");
  const tls = watchTls(files);
  const look = (): void =>
    tls.look(
      ({ cert, key }) => applied.push(cert + key),
      (fault) => faults.push(fault),
    );
  look();
  writeFileSync(files.cert, "second");
  look();
  writeFileSync(files.key, "second");
  look();
  assert.deepEqual(applied, []);
  look();
  look();
  assert.deepEqual([applied, faults], [["secondsecond"], []]);
  renameSync(files.key, `${files.key}.away`);
  for (let n = 0; n < 3; n += 1) look();
  assert.deepEqual(faults, [`${files.key} cannot be read (ENOENT)`]);
});

test("what is older than TLS 1.2, or no TLS at all, gets no answer", async (t) => {
  const { broker } = await secured(t);
  await assert.rejects(
    talk(broker, { minVersion: "TLSv1.1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" }),
  );
  assert.equal(await wire(broker, HEALTHZ).ended.then((got) => got.includes("healthz")), false);
  assert.ok((await (await talk(broker, { maxVersion: "TLSv1.2" })).ask()).endsWith(HEALTHY));
});

test("behind TLS, too, whoever is slow is ended in time, in JSON, and others are served", async (t) => {
  const { broker } = await secured(t, { headerSeconds: 0.3, requestSeconds: 0.6, idleSeconds: 0.2 });
  const silent = wire(broker).ended;
  const quiet = (await talk(broker)).ended;
  const idle = await talk(broker);
  await idle.ask();
  const drip = async (first: string): Promise<string> => {
    const { socket, ended } = await talk(broker);
    socket.write(first);
    const timer = setInterval(() => socket.write("x"), 20);
    return ended.finally(() => clearInterval(timer));
  };
  const header = drip("GET /healthz HTTP/1.1\r\nX: ");
  const body = drip("POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n");
  assert.ok((await (await talk(broker)).ask()).endsWith(HEALTHY));
  for (const got of [await header, await body]) assert.equal(answerIn(got).status, 408, got);
  await Promise.all([silent, quiet, idle.ended]);
});

test("behind TLS, too, whoever waits longest makes room", async (t) => {
  const { broker } = await secured(t, { connections: 100, connectionsPerAddress: 10 });
  const waiting = await Promise.all(Array.from({ length: 30 }, () => talk(broker)));
  await Promise.all(waiting.slice(0, 15).map(({ ended }) => ended));
  assert.ok((await (await talk(broker)).ask()).endsWith(HEALTHY));
  for (const { socket } of waiting) socket.destroy();
});

test("a stop ends TLS connections and handshakes that wait, and finishes what was begun", async (t) => {
  const { broker } = await secured(t);
  const idle = await talk(broker);
  await idle.ask();
  const begun = await talk(broker);
  begun.socket.write("POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n");
  await (await talk(broker)).ask();
  const silent = wire(broker);
  await new Promise((resolve) => silent.socket.on("connect", resolve));
  await serialOf(broker);
  const stopping = broker.close();
  await Promise.all([idle.ended, silent.ended]);
  begun.socket.write("ab");
  assert.equal(answerIn(await begun.ended).status, 400);
  await stopping;
});
