// keywright resolve --jsonl: the lines of docs/resolve-protocol.md, through the real program.
import assert from "node:assert/strict";
import { hostname } from "node:os";
import { test } from "node:test";
import { secretPlace, VALUES, type SecretPlace } from "./secret-place.ts";

const DATA = {
  stores: { local: { backend: "env" } },
  refs: {
    key: { store: "local", path: "databento/api-key", policy: "access" },
    absent: { store: "local", path: "nothing/here", policy: "access" },
    here: { store: "local", path: "broker", policy: "on_this_machine" },
    proved: { store: "local", path: "broker", policy: "proved" },
  },
  policies: {
    access: { allowed_principals: ["research"] },
    on_this_machine: {
      grants: [
        { name: "seen", machines: [hostname().split(".")[0]?.toLowerCase()], attestation: "discovered" },
      ],
    },
    proved: { grants: [{ name: "proved", apps: ["app"], attestation: "verified" }] },
  },
};
const machine = hostname().split(".")[0] ?? "";
const WHO = { app: "app", environment: "dev", machine, substrate: "anything", role: "research" };

type Answer = Readonly<Record<string, unknown>> & { readonly error?: { readonly code: string } };

function answers(place: SecretPlace, lines: readonly (object | string)[]): ReadonlyMap<unknown, Answer> {
  const input = lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n");
  const { status, out, err } = place.keywright(["resolve", "--jsonl"], { input: `${input}\n` });
  assert.deepEqual([status, err], [0, ""]);
  const all = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
  return new Map(all.map((answer) => [answer["id"], answer]));
}

test("open, get, missing and check, each answered with its id", (t) => {
  const place = secretPlace(t);
  const said = answers(place, [{ id: "o", op: "open", config: DATA }]);
  assert.deepEqual(said.get("o"), { id: "o", api: 0, protocol: 1 });
  const asked = opened(place, [
    { id: 1, op: "get", api: 0, secret: "key", identity: WHO },
    { id: 2, op: "get", api: 0, secret: "absent", identity: WHO },
    { id: 3, op: "check", api: 0 },
    { id: 4, op: "get", secret: "api_key" },
  ]);
  assert.deepEqual(asked.get(1), { id: 1, value: VALUES.DATABENTO_API_KEY, expires_at: null });
  assert.deepEqual(asked.get(2), { id: 2, missing: true });
  assert.deepEqual(asked.get(3), { id: 3, ready: true });
  assert.equal(asked.get(4)?.["value"], VALUES.DATABENTO_API_KEY);
});

test("the machine is looked at here; nobody proves an app by saying so", (t) => {
  const asked = opened(secretPlace(t), [
    { id: 1, op: "get", api: 0, secret: "here", identity: WHO },
    { id: 2, op: "get", api: 0, secret: "here", identity: { ...WHO, machine: "elsewhere" } },
    { id: 3, op: "get", api: 0, secret: "proved", identity: WHO },
    {
      id: 4,
      op: "get",
      api: 0,
      secret: "proved",
      identity: { ...WHO, app: { value: "app", attestation: "verified" } },
    },
  ]);
  assert.equal(asked.get(1)?.["value"], VALUES.BROKER);
  const codes = [2, 3, 4].map((id) => asked.get(id)?.error?.code);
  assert.deepEqual(codes, ["denied", "denied", "invalid_ask"]);
});

test("what cannot be understood is answered with its id, or null, and ends nothing", (t) => {
  const place = secretPlace(t);
  const rows: readonly (readonly [object | string, unknown, string])[] = [
    ["{", null, "invalid_ask"],
    ["[]", null, "invalid_ask"],
    [{ op: "get" }, null, "invalid_ask"],
    [{ id: 1, op: "fly" }, 1, "invalid_ask"],
    [{ id: 2, op: "get" }, 2, "invalid_ask"],
    [{ id: 3, op: "get", api: 7, secret: "a", identity: WHO }, 3, "invalid_ask"],
    [{ id: 4, op: "get", secret: "api_key", identity: WHO }, 4, "invalid_ask"],
    [{ id: 5, op: "get", secret: "broker_password" }, 5, "denied"],
    [{ id: 6, op: "get", secret: "NO" }, 6, "invalid_ask"],
    [{ id: 7, op: "open", config: { stores: [], refs: {}, policies: {} } }, 7, "configuration"],
    [{ id: 8, op: "open" }, 8, "configuration"],
  ];
  for (const [line, id, code] of rows) {
    const said = answers(place, [line, { id: "last", op: "get", secret: "api_key" }]);
    assert.equal(said.get(id)?.error?.code, code, JSON.stringify(line));
    assert.equal(said.get("last")?.["value"], VALUES.DATABENTO_API_KEY);
  }
});

/** Each line is sent when the one before it has been answered. */
function opened(place: SecretPlace, lines: readonly object[]): ReadonlyMap<unknown, Answer> {
  const script = [
    "import json,subprocess,sys",
    "lines=json.load(sys.stdin)",
    "p=subprocess.Popen(sys.argv[1:],stdin=subprocess.PIPE,stdout=subprocess.PIPE,text=True)",
    "def ask(l): p.stdin.write(json.dumps(l)+'\\n'); p.stdin.flush(); return p.stdout.readline()",
    "print(''.join(ask(l) for l in lines),end='')",
    "p.stdin.close(); sys.exit(p.wait())",
  ].join("\n");
  const { status, out, err } = place.python(
    script,
    JSON.stringify([{ id: "o", op: "open", config: DATA }, ...lines]),
  );
  assert.deepEqual([status, err], [0, ""]);
  const all = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Answer);
  return new Map(all.map((answer) => [answer["id"], answer]));
}
