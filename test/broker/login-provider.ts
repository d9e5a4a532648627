// A house whose person comes from an OIDC provider that does what a test tells it to, without a network.
import assert from "node:assert/strict";
import { ownerOf } from "../../src/broker/people/admit.ts";
import { DEFAULT_USERS } from "../../src/config/users.ts";
import type { Http, HttpReply } from "../../src/io/http.ts";
import { CONFIG, START } from "./broker.ts";
import { loginHouse, type House } from "./login-house.ts";

const ISSUER = "https://id.example";
const PROVIDER = {
  issuer: ISSUER,
  clientId: "broker",
  clientSecretFile: undefined,
  scopes: ["openid"],
  nameClaim: "email",
  principals: [{ claim: "sub", has: undefined, principal: "ci" }],
  privateNetwork: false,
};
const METADATA = {
  issuer: ISSUER,
  authorization_endpoint: `${ISSUER}/auth`,
  token_endpoint: `${ISSUER}/token`,
  jwks_uri: `${ISSUER}/jwks`,
  id_token_signing_alg_values_supported: ["ES256"],
};

export interface Told {
  /** What its token endpoint does; each call counts. */
  answer(): Promise<HttpReply>;
  asked: number;
}

export const reply = (status: number, body: object): HttpReply => ({
  status,
  headers: {},
  body: JSON.stringify(body),
});
export const fine = async (): Promise<HttpReply> =>
  reply(200, { access_token: "a", token_type: "Bearer", refresh_token: "next" });

export async function providedHouse(t: Parameters<typeof loginHouse>[0], told: Told): Promise<House> {
  const http: Http = {
    async request({ url }) {
      if (url.endsWith("/openid-configuration")) return reply(200, METADATA);
      assert.equal(url, METADATA.token_endpoint);
      told.asked += 1;
      return told.answer();
    },
  };
  const config = { ...CONFIG, users: { ...DEFAULT_USERS, provider: PROVIDER } };
  const house = await loginHouse(t, { http, config });
  const { core } = house;
  const made = { name: "bea", principal: undefined, issuer: ISSUER, subject: "sub-1", createdAt: START };
  core.db.transaction((writer) => void writer.addUser({ ...made, email: "bea@people.example" }));
  const user = core.db.userNamed("bea")?.id ?? 0;
  const upstream = core.sealing.seal(Buffer.from("first"), ownerOf(user));
  return { ...house, anna: { user, name: "bea", principal: "ci", upstream, provenAt: START } };
}
