// A service on loopback that answers what a test says, and a clock that only sleeping puts forward.
import type { TestContext } from "node:test";
import type { CallSurroundings } from "../../src/aws/call.ts";
import type { AwsCredentials } from "../../src/aws/credentials.ts";
import { createHttp } from "../../src/io/http.ts";
import { Secret } from "../../src/secret.ts";
import { recordingServer, response, type Answer, type Server } from "../io/servers.ts";

export const NOW = Date.parse("2026-11-22T10:00:00Z") / 1000;

export const KEYS: AwsCredentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: new Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
  sessionToken: new Secret("AQoEXAMPLETOKEN/with+chars=="),
  expiresAt: undefined,
  source: "environment",
  role: undefined,
};

export interface Service extends Server {
  /** Scheme, host and port. */
  readonly url: string;
}

/** Answers the first request with the first answer, and so on; all further ones with the last. */
export async function service(t: TestContext, ...answers: readonly (string | Answer)[]): Promise<Service> {
  let asked = 0;
  const server = await recordingServer((request) => {
    const answer = answers[Math.min(asked, answers.length - 1)];
    asked += 1;
    return typeof answer === "function" ? answer(request) : answer;
  });
  t.after(() => server.close());
  return { ...server, url: `http://127.0.0.1:${server.port}` };
}

export interface Surroundings extends CallSurroundings {
  readonly waits: number[];
  readonly told: string[];
}

/** `random`: what chance says each time; `limit`: seconds for everything. */
export function surroundings({ random = 0.5, limit = 20, requestTimeout = 5 } = {}): Surroundings {
  const clock = { time: NOW, now: () => clock.time };
  const waits: number[] = [];
  const told: string[] = [];
  return {
    http: createHttp({ env: {}, clock, requestTimeout }),
    clock,
    deadline: NOW + limit,
    waits,
    told,
    random: () => random,
    debug: (text) => told.push(text),
    sleep: async (seconds) => {
      waits.push(seconds);
      clock.time += seconds;
    },
  };
}

export function json(status: number, body: unknown, ...headers: readonly string[]): string {
  return response(status, JSON.stringify(body), "Content-Type: application/json", ...headers);
}

/** An error as CodeArtifact sends it. */
export function refused(
  status: number,
  code: string,
  message: string,
  ...headers: readonly string[]
): string {
  return json(status, { message }, `x-amzn-ErrorType: ${code}:http://internal.example/`, ...headers);
}

/** An error as STS sends it. */
export function refusedXml(
  status: number,
  code: string,
  message: string,
  ...headers: readonly string[]
): string {
  const body = `<ErrorResponse xmlns="https://sts.example/doc/2011-06-15/">
  <Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error>
  <RequestId>c6104cbe-af31-11e0-8154-cbc7ccf896c7</RequestId>
</ErrorResponse>`;
  return response(status, body, "Content-Type: text/xml", ...headers);
}
