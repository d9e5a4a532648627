// keywright run: exactly the named secrets, the program's exit code and signals, the terminal, files, redaction.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { CERTIFICATE, CONFIG, KEYWRIGHT, secretPlace, VALUES } from "./secret-place.ts";

const PRINT = 'printf "%s|%s|%s" "$API_KEY" "$QUOTED_KEY" "${BROKER_PASSWORD-unset}"';

test("the program gets exactly the named secrets, under the names that were said", (t) => {
  const place = secretPlace(t);
  const ran = place.keywright([
    "run",
    "--secret",
    "api_key",
    "--secret",
    "quoted=QUOTED_KEY",
    "--",
    "sh",
    "-c",
    PRINT,
  ]);
  assert.deepEqual(ran, { status: 0, out: `${VALUES.DATABENTO_API_KEY}|${VALUES.QUOTED}|unset`, err: "" });
});

test("what other values and the stores' own credentials are called is taken out of the program's environment", (t) => {
  const config = CONFIG.replace(
    "refs:",
    `  bao: { backend: vault, options: { address: "http://127.0.0.1:9", auth: { method: token, token_env: BAO_TOKEN } } }
  red: { backend: gopass }
  sealed: { backend: age, options: { folder: /tmp/none, passphrase_env: AGE_PASS } }
refs:`,
  );
  const place = secretPlace(t, config);
  const env = { BAO_TOKEN: "t", GOPASS_AGE_PASSWORD: "p", AGE_PASS: "a", OTHER: "kept" };
  const words = ["run", "--secret", "api_key", "--", "sh", "-c", "env | cut -d= -f1 | sort | tr '\\n' ' '"];
  const names = place.keywright(words, { env }).out.split(" ");
  for (const gone of [
    "BROKER",
    "QUOTED",
    "DATABENTO_API_KEY",
    "BAO_TOKEN",
    "GOPASS_AGE_PASSWORD",
    "AGE_PASS",
  ])
    assert.ok(!names.includes(gone), gone);
  for (const kept of ["API_KEY", "OTHER", "HOME", "PATH"]) assert.ok(names.includes(kept), kept);
  const named = place.keywright(["run", "--secret", "broker_password=BROKER", "--", "true"]);
  assert.equal(named.status, 6);
});

test("--allowed gives every secret that the policy allows here, and no other; a reason may open more", (t) => {
  const place = secretPlace(t);
  const config = place.keywright(["config", "show"]).out.replace(/ {2}absent:\n(?: {4}.*\n)+/, "");
  place.write(".config/keywright/config.yaml", config);
  const names =
    "env | sed -n 's/=.*//p' | grep -E '^(API_KEY|CERTIFICATE|BROKER_PASSWORD|EXPLAINED|QUOTED)$' | sort | tr '\\n' ' '";
  assert.equal(
    place.keywright(["run", "--allowed", "--", "sh", "-c", names]).out,
    "API_KEY CERTIFICATE QUOTED ",
  );
  const more = place.keywright(["run", "--allowed", "--reason", "INC-1", "--", "sh", "-c", names]);
  assert.equal(more.out, "API_KEY CERTIFICATE EXPLAINED QUOTED ");
});

test("when one cannot be had, nothing is started", (t) => {
  const place = secretPlace(t);
  for (const [name, status] of [
    ["broker_password", 6],
    ["absent", 7],
    ["nope", 7],
  ] as const) {
    const ran = place.keywright([
      "run",
      "--secret",
      "api_key",
      "--secret",
      name,
      "--",
      "sh",
      "-c",
      "echo started",
    ]);
    assert.deepEqual([ran.status, ran.out], [status, ""], name);
  }
  assert.equal(place.keywright(["run", "--", "true"]).status, 2);
});

test("the exit code is the program's; a program that is not there is 127, one that cannot be started 126", (t) => {
  const place = secretPlace(t);
  const run = (...words: readonly string[]) =>
    place.keywright(["run", "--secret", "api_key", "--", ...words]);
  assert.equal(run("sh", "-c", "exit 42").status, 42);
  assert.equal(run("sh", "-c", "kill -9 $$").status, 137);
  const absent = run("no-such-program-here");
  assert.deepEqual([absent.status, /no-such-program-here was not found/.test(absent.err)], [127, true]);
  assert.equal(run(place.write("plain.txt", "x")).status, 126);
});

test("a value that is too large for a variable is told as that; as a file it reaches the program", (t) => {
  const place = secretPlace(t);
  place.write("mounted/tls/certificate.pem", "x".repeat(1_000_000));
  const words = ["--", "sh", "-c", 'wc -c < "$CERTIFICATE_FILE"'];
  const large = place.keywright(["run", "--secret", "certificate", ...words]);
  assert.deepEqual([large.status, /too large[^]*--files/.test(large.err)], [126, true], large.err);
  assert.equal(
    place.keywright(["run", "--files", "--secret", "certificate", ...words]).out.trim(),
    "1000000",
  );
});

test("--redact: output that could not be passed on is no success", (t) => {
  const place = secretPlace(t);
  const script = `exec ${KEYWRIGHT} run --redact --secret api_key -- echo done > /dev/full`;
  const { status, stderr } = spawnSync("sh", ["-c", script], { env: place.env, encoding: "utf8" });
  assert.deepEqual([status, /could not be passed on \(ENOSPC\)/.test(stderr)], [8, true], stderr);
});

test("standard input and a signal reach the program", async (t) => {
  const place = secretPlace(t);
  assert.equal(place.keywright(["run", "--secret", "api_key", "--", "cat"], { input: "typed" }).out, "typed");
  const script = 'trap "echo got TERM; exit 7" TERM; echo ready; while :; do sleep 0.05; done';
  const child = spawn(KEYWRIGHT, ["run", "--secret", "api_key", "--", "sh", "-c", script], {
    env: place.env,
    cwd: place.home,
  });
  t.after(() => child.kill("SIGKILL"));
  let out = "";
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  child.stdout.on("data", (text: Buffer) => {
    out += text.toString();
    if (out === "ready\n") child.kill("SIGTERM");
  });
  assert.deepEqual([await ended, out], [7, "ready\ngot TERM\n"]);
});

test("at a terminal the program has the terminal", (t) => {
  const place = secretPlace(t);
  const ran = place.atTerminal([
    "run",
    "--secret",
    "api_key",
    "--",
    "sh",
    "-c",
    "test -t 0 && test -t 1 && echo terminal",
  ]);
  assert.deepEqual([ran.status, ran.out], [0, "terminal\r\n"]);
});

test("Ctrl-C at a terminal reaches the program once", (t) => {
  const place = secretPlace(t);
  place.write(
    "count.py",
    "import os, signal, sys, time\nseen = []\nsignal.signal(signal.SIGINT, lambda *_: seen.append(1))\n" +
      "os.killpg(0, signal.SIGINT)\nend = time.time() + 0.5\nwhile time.time() < end: time.sleep(0.05)\n" +
      "print(len(seen)); sys.exit(3)\n",
  );
  const ran = place.atTerminal(["run", "--secret", "api_key", "--", "python3", "count.py"]);
  assert.deepEqual([ran.status, ran.out.trim()], [3, "1"]);
});

test("--files: private files that are gone afterwards", (t) => {
  const place = secretPlace(t);
  const script =
    'stat -c "%a %F" "$CERTIFICATE_FILE" "$(dirname "$CERTIFICATE_FILE")"; cat "$CERTIFICATE_FILE"; echo; echo "$CERTIFICATE_FILE"; echo "${CERTIFICATE-no variable}"';
  const ran = place.keywright(["run", "--files", "--secret", "certificate", "--", "sh", "-c", script]);
  const lines = ran.out.split("\n");
  assert.deepEqual(lines.slice(0, 2), ["400 regular file", "700 directory"]);
  assert.ok(ran.out.includes(CERTIFICATE.trimEnd()) && ran.out.includes("no variable"), ran.out);
  const file = lines.find((line) => /^\/.*\/certificate$/.test(line)) ?? assert.fail(ran.out);
  assert.ok(!existsSync(file) && !existsSync(file.replace(/\/certificate$/, "")));
});

test("--redact takes the values out of both streams, however the program writes them", (t) => {
  const place = secretPlace(t);
  const script = [
    'printf "%s\\n" "a $API_KEY b"',
    'printf "%.5s" "$API_KEY"; sleep 0.1; printf "%s\\n" "${API_KEY#?????}"',
    'printf "%s" "$API_KEY" | base64',
    'printf "u:%s" "$API_KEY" | base64',
    'printf "%s" "$QUOTED" | python3 -c "import json,sys; print(json.dumps(sys.stdin.read()))"',
    'printf "%s\\n" "$CERTIFICATE" >&2',
  ].join("; ");
  const ran = place.keywright([
    "run",
    "--redact",
    "--secret",
    "api_key",
    "--secret",
    "quoted",
    "--secret",
    "certificate",
    "--",
    "sh",
    "-c",
    script,
  ]);
  assert.equal(ran.status, 0);
  assert.deepEqual(ran.out.split("\n").slice(0, 2), ["a [redacted] b", "[redacted]"]);
  assert.equal(ran.out.match(/\[redacted\]/g)?.length, 5, ran.out);
  assert.ok(!/MIIB|BEGIN CERT/.test(ran.err), ran.err);
  const all = ran.out + ran.err;
  for (const part of ["3f9a0c17", Buffer.from("3f9a0c17").toString("base64").slice(0, 8), "it's", "quoted"])
    assert.ok(!all.includes(part), `${part}: ${all}`);
});
