// An application for untouched.test.ts: loads its configuration and asks each question in turn, with a mark on standard
// output before and after, so that what the system saw can be told apart.
import { writeSync } from "node:fs";
import { SecretsApi, type KeywrightError, type RuntimeIdentity } from "../../src/index.ts";

const [config = "{}", questions = "[]"] = process.argv.slice(2);
const mark = (text: string): void => void writeSync(1, `${text}\n`);
const data = JSON.parse(config) as { stores: object; refs: object; policies: object };
const asked = JSON.parse(questions) as readonly (readonly [secretName: string, role: string])[];
const rest: Omit<RuntimeIdentity, "role"> = {
  app: "study",
  environment: "dev",
  machine: "bridge",
  substrate: "local-process",
};

// The first date of a process reads the time zone from the disk.
mark(new Date().toISOString());
mark("begin load");
const api: SecretsApi = SecretsApi.fromConfigData(data, { audit: () => undefined });
mark("end load loaded");
for (const [at, [secretName, role]] of asked.entries()) {
  mark(`begin ${at}`);
  const came = await api.getSecret({ secretName, identity: { ...rest, role } }).then(
    () => "answered",
    (error: KeywrightError) => error.code,
  );
  mark(`end ${at} ${came}`);
}
