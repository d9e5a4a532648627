import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  InvalidCachedTokenError,
  KeywrightError,
  M2MProfileWithoutClientCredentialsError,
  MendaCloudAPIError,
  MendaKeyRingError,
  NoCachedLoginError,
  ProfileNotFoundError,
  ProfileWithoutHostError,
} from "../../src/errors.ts";
import {
  answeredWith,
  asWords,
  backendAnswerText,
  backendAsk,
  parseBackendQuestion,
} from "../../src/fronts/keyring-backend.ts";
import { createRefs } from "../../src/resolver/refs.ts";
import type { SecretRef } from "../../src/resolver/ref.ts";
import { Secret } from "../../src/secret.ts";

const SERVICE = "https://packages.example/simple/";
const question = (part: object = {}): string =>
  JSON.stringify({ v: 1, operation: "get", service: SERVICE, username: null, ...part });

test("keyring-backend: a question is read, and an empty user name is none", () => {
  const read = { operation: "get", service: SERVICE, username: undefined };
  assert.deepEqual(parseBackendQuestion(question()), read);
  assert.deepEqual(parseBackendQuestion(question({ username: "" })), read);
  assert.deepEqual(parseBackendQuestion(question({ username: "aws", more: 1 })), {
    ...read,
    username: "aws",
  });
  assert.equal(parseBackendQuestion(question({ operation: "whose" })).operation, "whose");
});

test("keyring-backend: what is no question is refused without being repeated", () => {
  const rows = [
    "",
    "hunter2",
    "[]",
    "null",
    "1",
    question({ v: 2 }),
    question({ operation: "set" }),
    question({ service: 1 }),
  ];
  for (const text of [
    ...rows,
    question({ username: 1 }),
    question({ username: undefined }),
    `${question()}hunter2`,
  ]) {
    assert.throws(
      () => parseBackendQuestion(text),
      (error) =>
        error instanceof KeywrightError && error.code === "usage" && !error.message.includes("hunter2"),
      text,
    );
  }
});

test("keyring-backend: the address says what is about to be done", () => {
  assert.equal(backendAsk(parseBackendQuestion(question())).action, "read");
  const upload = parseBackendQuestion(
    question({ service: "https://packages.example/upload/", username: "aws" }),
  );
  assert.deepEqual(backendAsk(upload), {
    kind: "registry",
    url: "https://packages.example/upload/",
    username: "aws",
    action: "publish",
  });
});

test("keyring-backend: the user name is the secret's, then the asked one, and there must be one", () => {
  const asked = parseBackendQuestion(question({ username: "bob" }));
  const named = answeredWith(asked, new Secret("pw", { username: "aws" }));
  assert.equal(named.outcome === "answered" && named.username, "aws");
  const unnamed = answeredWith(asked, new Secret("pw"));
  assert.equal(unnamed.outcome === "answered" && unnamed.username, "bob");
  assert.throws(() => answeredWith(parseBackendQuestion(question()), new Secret("pw")), {
    code: "configuration",
  });
});

test("keyring-backend: every answer is one line of ASCII that says the same", () => {
  assert.equal(backendAnswerText({ outcome: "foreign" }), '{"v":1,"outcome":"foreign"}\n');
  assert.equal(backendAnswerText({ outcome: "ours" }), '{"v":1,"outcome":"ours"}\n');
  const text = fc.string({ unit: "binary", minLength: 1 });
  fc.assert(
    fc.property(text, text, (password, username) => {
      const line = backendAnswerText({ outcome: "answered", secret: new Secret(password), username });
      assert.match(line, /^[\x20-\x7e]*\n$/);
      assert.deepEqual(JSON.parse(line), { v: 1, outcome: "answered", username, password });
    }),
  );
});

test("keyring-backend: an error goes over under the name that menda-keyring gave it", () => {
  const failed = (error: KeywrightError): unknown => {
    const {
      v,
      outcome,
      error: said,
    } = JSON.parse(backendAnswerText({ outcome: "failed", error })) as Record<string, unknown>;
    assert.deepEqual([v, outcome], [1, "failed"]);
    return said;
  };
  const plain = { code: "backend", message: "m", hint: "h", status_code: 403 };
  const options = { hint: "h", statusCode: 403 };
  assert.deepEqual(failed(new MendaCloudAPIError("backend", "m", options)), {
    name: "MendaCloudAPIError",
    ...plain,
  });
  assert.deepEqual(failed(new NoCachedLoginError("backend", "m", options)), {
    name: "NoCachedLoginError",
    ...plain,
  });
  assert.deepEqual(failed(new ProfileNotFoundError("backend", "m", options)), {
    name: "ProfileNotFoundError",
    ...plain,
  });
  assert.deepEqual(failed(new ProfileWithoutHostError("backend", "m", options)), {
    name: "ProfileWithoutHostError",
    ...plain,
  });
  assert.deepEqual(failed(new M2MProfileWithoutClientCredentialsError("backend", "m", options)), {
    name: "M2MProfileWithoutClientCredentialsError",
    ...plain,
  });
  assert.deepEqual(failed(new InvalidCachedTokenError("backend", "m", options)), {
    name: "InvalidCachedTokenError",
    ...plain,
  });
  assert.deepEqual(failed(new MendaKeyRingError("backend", "m", options)), {
    name: "MendaKeyRingError",
    ...plain,
  });
  assert.deepEqual(failed(new KeywrightError("denied", "m")), {
    name: "MendaKeyRingError",
    code: "denied",
    message: "m",
    hint: null,
    status_code: null,
  });
});

test("asWords: what some program may read as one of ours looks like it still, and no other name does", () => {
  const ref = {
    name: "index",
    store: "s",
    policy: "p",
    match: "*.d.codeartifact.*.amazonaws.com",
    username: "aws",
    locked: false,
  };
  const refs = createRefs([ref as unknown as SecretRef]);
  const outcome = (url: string): string => refs.find({ kind: "registry", url, action: "read" }).outcome;
  const host = "dom-123456789012.d.codeartifact.eu-west-1.amazonaws.com";
  const alike = [
    `https://${host}/`,
    `https://bob@${host}/`,
    `\\\\${host}\\x`,
    host.replaceAll(".", "。"),
    host.replaceAll(".", "．"),
    host.replace("codeartifact", "ｃode\u200bartifact"),
    `${host}\n`,
    host.replace(".d.", "%2ed%2e"),
    host.toUpperCase(),
  ];
  for (const text of alike) assert.equal(outcome(asWords(text)), "refused", text);
  for (const text of [
    "DOMAIN\\user",
    "Заметки",
    "1.2.3",
    "codeartifact",
    "code artifact",
    "https://other.example/\n",
    "",
  ])
    assert.equal(outcome(asWords(text)), "foreign", text);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => assert.equal(outcome(asWords(text)), "foreign")),
  );
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (before, after) => {
      assert.equal(outcome(asWords(`${before}.${host}.${after}`)), "refused");
    }),
  );
});
