// npm run check: format, lint, types, then all tests. It stops at the first step that fails.
import { spawnSync } from "node:child_process";

const steps = [
  ["format", "oxfmt", "--check", "src", "test", "scripts", "bench"],
  ["lint", "oxlint", "src", "test", "scripts", "bench"],
  ["types", "tsc", "-p", "tsconfig.json"],
  ["tests", process.execPath, "scripts/test.ts"],
] as const;

for (const [name, command, ...args] of steps) {
  const started = performance.now();
  const { status } = spawnSync(command, args, { stdio: "inherit" });
  console.log(
    `${name}: ${status === 0 ? "ok" : "failed"} (${((performance.now() - started) / 1000).toFixed(1)} s)`,
  );
  if (status !== 0) process.exit(status ?? 1);
}
