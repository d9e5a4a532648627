// Starts the unbuilt source. Node keeps what it made of the TypeScript files below node_modules, so that only the first
// start pays for it. It is plain JavaScript because stripping types is the very cost that is saved.
import { enableCompileCache } from "node:module";
import { join } from "node:path";

enableCompileCache(join(import.meta.dirname, "..", "node_modules", ".cache", "keywright", "compiled"));
await import("../src/cli/main.ts");
