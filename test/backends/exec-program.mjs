// A program for exec stores in the JSON-lines protocol: values are the files of the folder it is given. It refuses questions
// that are not exactly as the protocol says, and does what a path that begins with `odd/` asks for.
import { spawn } from "node:child_process";
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [folder, log] = process.argv.slice(2);
appendFileSync(log, `start ${process.pid}\n`);
const kept = [];
const odd = {
  hangs: () => appendFileSync(log, `child ${spawn("/bin/sleep", ["300"]).pid}\n`),
  locked: (id) => say({ id, error: { code: "locked", message: "touch me" } }),
  denied: (id) => say({ id, error: { code: "denied", message: "canary-in-message" } }),
  strange: (id) => say({ id, error: { code: "constructor" } }),
  kept: (id) => kept.push(id),
  turn(id) {
    for (const each of [id, ...kept.splice(0).toReversed()]) say({ id: each, value: `turned ${each}` });
  },
  pieces(id) {
    const text = `${JSON.stringify({ id, value: "in pieces ä🔑" })}\n`;
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 1)
      setTimeout(() => process.stdout.write(bytes.subarray(at, at + 1)), at);
  },
  "no-json": () => process.stdout.write("canary-value is it\n"),
  "other-id": () => say({ id: "nobody", value: "canary-value" }),
  both: (id) => say({ id, value: "canary-value", error: { code: "failed" } }),
  number: (id) => say({ id, value: 7 }),
  ends: () => process.exit(3),
  half: (id) => say({ id, value: "canary-value \ud800" }),
  "too-long": () => process.stdout.write("x".repeat(9_000_000)),
  noisy(id) {
    process.stderr.write("canary-value\n".repeat(100_000));
    say({ id, value: "after the noise" });
  },
  environment: (id) => say({ id, value: JSON.stringify({ env: process.env, cwd: process.cwd() }) }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const question = JSON.parse(line);
  if (Object.keys(question).join() !== "v,id,path" || question.v !== 2 || typeof question.id !== "string")
    throw new Error(`not a question: ${line}`);
  const { id, path } = question;
  const answer = odd[path.split("odd/")[1]] ?? plain;
  answer(id, path);
}
appendFileSync(log, "end\n");

function plain(id, path) {
  try {
    const file = join(folder, path);
    if (statSync(file).isDirectory()) return say({ id, error: { code: "failed", message: "a folder" } });
    const bytes = readFileSync(file);
    const value = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    say({ id, value });
  } catch (error) {
    const code = ["ENOENT", "ENOTDIR"].includes(error.code) ? "not_found" : "failed";
    say({ id, error: { code, message: String(error) } });
  }
}

function say(answer) {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
