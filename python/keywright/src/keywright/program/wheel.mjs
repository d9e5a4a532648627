// Starts the bundled program; the first argument is what the user started. Plain JavaScript, so that an old Node can
// read why it will not do.
if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`keywright: Node ${process.versions.node} is too old, 24 is needed\n`);
  process.exit(3);
}
await import("./main.js");
