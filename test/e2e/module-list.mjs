// Loaded into a program by NODE_OPTIONS: writes down what it loads, one module a line. Plain JavaScript, so that it adds
// nothing of its own.
import { writeFileSync } from "node:fs";
import { registerHooks } from "node:module";

const root = new URL("../../", import.meta.url).href;
const seen = new Set();
registerHooks({
  // Not `load`: that is not asked again for what these lines themselves import.
  resolve(specifier, context, nextResolve) {
    const resolved = nextResolve(specifier, context);
    seen.add(resolved.url.startsWith(root) ? resolved.url.slice(root.length) : resolved.url);
    return resolved;
  },
});
process.on("exit", () => writeFileSync(process.env.MODULE_LIST, [...seen].sort().join("\n") + "\n"));
