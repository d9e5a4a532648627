// Runs a program as a group until a signal comes; told what to run on its command line. For spawn.test.ts.
import { spawnCapture } from "../../src/io/spawn.ts";

const [script = ""] = process.argv.slice(2);
await spawnCapture("/bin/sh", ["-c", script], { env: { PATH: "/usr/bin:/bin" }, limit: 60, together: true });
