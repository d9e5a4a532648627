// A broker whose people are those of an OIDC provider, both running for real, and a person who approves what clients of
// others ask for.
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { brokerPlace, type BrokerPlace } from "../broker-place.ts";
import { oidcProvider, type OidcProvider } from "./oidc-provider.ts";
import { visitor, type Page } from "./visitor.ts";

export interface PeerPlace extends BrokerPlace {
  readonly provider: OidcProvider;
}

export const REGISTRY = "https://packages.example/simple/";

export async function peerPlace(t: TestContext, more = ""): Promise<PeerPlace> {
  const provider = await oidcProvider(t);
  const users = `users:
  provider:
    issuer: ${provider.url}
    client_id: broker
    private_network: true
    principals: [{ claim: preferred_username, has: alice, principal: ci }]
`;
  const broker = await brokerPlace(t, `${users}${more}`);
  provider.add({
    client_id: "broker",
    redirect_uris: [`${broker.url}/login/callback`],
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    application_type: "native",
  });
  return { ...broker, provider };
}

const APPROVE = { name: "decision", value: "approve" } as const;
const DENY = { name: "decision", value: "deny" } as const;

/** Opens the address that a device shows, signs in, compares the code and says yes or no. */
export async function decideDevice(address: string, code: string, yes = true): Promise<Page> {
  const person = visitor();
  const page = await person.open(address);
  assert.equal(page.status, 200, page.body);
  assert.ok(page.body.includes(code), page.body);
  const end = await person.send(page, yes ? APPROVE : DENY);
  assert.equal(end.status, 200, end.body);
  return end;
}

/** Opens an authorization request, signs in, says yes or no; the address on loopback that it leads back to, unvisited. */
export async function decideBrowser(address: URL, redirectUri: string, yes = true): Promise<URL> {
  const person = visitor((url) => url.href.startsWith(redirectUri));
  const page = await person.open(address);
  if (page.url.href.startsWith(redirectUri)) return page.url;
  assert.equal(page.status, 200, page.body);
  const end = await person.send(page, yes ? APPROVE : DENY);
  assert.ok(end.url.href.startsWith(redirectUri), `${end.status} ${end.url}\n${end.body}`);
  return end.url;
}
