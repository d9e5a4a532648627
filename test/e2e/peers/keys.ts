// Keys of clients and issuers for the tests with other people's programs: a client that has a key instead of a secret,
// and an issuer of identity tokens that publishes its keys on loopback.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair, SignJWT, type CryptoKey } from "jose";
import type { BrokerPlace } from "../broker-place.ts";

const keywright = join(import.meta.dirname, "..", "..", "..", "bin", "keywright");

export interface KeyClient {
  readonly id: string;
  readonly privateKey: CryptoKey;
  /** The same key, PKCS 8 in PEM. */
  readonly pem: string;
}

/** A client of the broker that acts as `ci`, with a new key. */
export async function keyClient(
  { folder, env }: Pick<BrokerPlace, "folder" | "env">,
  alg: "ES256" | "RS256",
): Promise<KeyClient> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const id = `key-${randomUUID().slice(0, 8)}`;
  const file = join(folder, `${id}.pem`);
  writeFileSync(file, await exportSPKI(publicKey));
  execFileSync(
    keywright,
    ["client", "create", id, "--principal", "ci", "--public-key", file, "--data", join(folder, "data")],
    { env, stdio: "pipe" },
  );
  return { id, privateKey, pem: await exportPKCS8(privateKey) };
}

export interface TestIssuer {
  readonly url: string;
  /** Lines of a broker's configuration: its token for the subject `job-1` acts as this principal. */
  config(principal: string): string;
  token(claims: Readonly<Record<string, unknown>>): Promise<string>;
}

export async function testIssuer(t: TestContext): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: "one", alg: "ES256", use: "sig" }] };
  let url = "";
  const server = createServer((request, response) => {
    const body =
      request.url === "/.well-known/openid-configuration"
        ? { issuer: url, jwks_uri: `${url}/jwks` }
        : request.url === "/jwks"
          ? jwks
          : undefined;
    response.writeHead(body === undefined ? 404 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(body ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    config: (principal) => `issuers:
  tests: { preset: generic, issuer: "${url}", algorithms: [ES256], private_network: true, immutable: [sub] }
workloads:
  jobs: { issuer: tests, principal: ${principal}, claims: { sub: job-1 } }
`,
    token: (claims) =>
      new SignJWT({ iss: url, jti: randomUUID(), ...claims })
        .setProtectedHeader({ alg: "ES256", kid: "one", typ: "JWT" })
        .setIssuedAt()
        .setExpirationTime("5m")
        .sign(privateKey),
  };
}
