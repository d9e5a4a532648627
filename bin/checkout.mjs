// Starts the unbuilt source. Node keeps what it made of the TypeScript files below node_modules, so that only the first
// start pays for it. It is plain JavaScript because stripping types is the very cost that is saved, and because an old
// Node has to be able to read why it will not do.
import module from "node:module";
import { join } from "node:path";

if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`keywright: Node ${process.versions.node} is too old, 24 is needed\n  Run 'npm ci' in the checkout: it brings one along.\n`);
  process.exit(3);
}
module.enableCompileCache(join(import.meta.dirname ?? "", "..", "node_modules", ".cache", "keywright", "compiled"));
await import("../src/cli/main.ts");
