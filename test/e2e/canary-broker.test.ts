// Proof 5, the broker's half: a client secret, an access token and a registry token of its own go through every failing
// path; its answers, its log, its database, its audit and the arguments of its processes are searched for them.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { accessToken, askRegistry, basic, post, send, type Answer } from "../broker/broker.ts";
import { brokerProcess, INDEX, type BrokerProcess } from "./broker-process.ts";
import { found, foundBelow, watchArguments, type Canary } from "./canaries.ts";
import { failing, type Held } from "./canary-broker-cases.ts";
import { FORMS } from "./programs.ts";

for (const form of FORMS) {
  test(`${form.name}: a broker shows no secret`, async (t) => {
    const broker = await brokerProcess(t, form);
    const secret = await broker.client("ci", "--principal", "ci", "--menda");
    await broker.client("plain", "--principal", "ci");
    await broker.client("index", "--resource", "index");
    const watch = watchArguments([{ name: "client secret", value: secret }]);
    const asBroker = { ...broker, close: () => broker.stop() };
    const access = await accessToken(asBroker, "ci", secret);
    const asked = await askRegistry(asBroker, access, { url: `http://${INDEX}/simple/`, action: "read" });
    assert.equal(asked.status, 200, asked.text);
    const held = { secret, access, registry: asked.json["token"] as string };
    const canaries = Object.entries(held).map(([name, value]): Canary => ({ name, value }));

    const rows = failing(held);
    const answers = [];
    for (const [name, , path, sent] of rows) {
      const answer = await send(asBroker, path, sent);
      answers.push(`${name}: ${answer.status}`);
      const shown = found(JSON.stringify([answer.text, answer.headers]), canaries);
      assert.deepEqual(shown, [], `${name}: ${answer.text}`);
    }
    const expected = rows.map(([name, status]) => `${name}: ${status}`);
    assert.deepEqual(answers, expected);
    await raw(broker, `GET /${secret} HTTP/9\r\n${access}\r\n\r\n`);
    await raw(broker, `${secret} / ${registryLine(held)}`);
    await revoked(asBroker, held);

    const shown = await broker.keywright("audit", "show", "--data", broker.data);
    const lines = await broker.keywright("audit", "show", "--json", "--data", broker.data);
    assert.match(shown, /issued/);
    assert.deepEqual(found(shown + lines, canaries), []);
    assert.deepEqual(foundBelow(broker.data, canaries), []); // The write-ahead log is still there.
    await broker.stop();
    assert.deepEqual(found(broker.said(), canaries), [], broker.said());
    assert.match(broker.said(), /^POST \/oauth2\/token 401 /m);
    assert.deepEqual(foundBelow(broker.data, canaries), []);
    assert.deepEqual(watch.end(0), []);
  });
}

function registryLine({ registry }: Held): string {
  return `${registry}\r\nContent-Length: x\r\n\r\n`;
}

/** After a revocation the same values are wrong ones. */
async function revoked(
  broker: Parameters<typeof send>[0],
  { secret, access, registry }: Held,
): Promise<void> {
  const one = await post(broker, "/oauth2/revoke", { token: registry }, basic("ci", secret));
  assert.equal(one.status, 200, one.text);
  const other = await post(broker, "/oauth2/revoke", { token: access }, basic("ci", secret));
  assert.equal(other.status, 200, other.text);
  const answer: Answer = await askRegistry(broker, access, {
    url: `http://${INDEX}/simple/`,
    action: "read",
  });
  assert.equal(answer.status, 401);
}

function raw({ port }: BrokerProcess, text: string): Promise<string> {
  return new Promise((done, failed) => {
    let said = "";
    const socket = connect(port, "127.0.0.1", () => socket.end(text));
    socket.on("data", (part: Buffer) => (said += part.toString()));
    socket.on("error", failed).on("close", () => done(said));
  });
}
