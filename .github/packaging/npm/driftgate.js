#!/usr/bin/env node
// Runs the binary of the package for this system and processor, which npm has installed as an optional dependency.
"use strict";

const { spawnSync } = require("node:child_process");

const name = `@driftgate/${process.platform}-${process.arch}`;
const file = process.platform === "win32" ? "driftgate.exe" : "driftgate";

let binary;
try {
  binary = require.resolve(`${name}/bin/${file}`);
} catch {
  console.error(`driftgate: the package ${name} is not installed.`);
  console.error("Install without --no-optional; where there is no such package, use `cargo install driftgate --locked`.");
  process.exit(2);
}

const result = spawnSync(binary, process.argv.slice(2), { stdio: "inherit", windowsHide: true });
if (result.error) {
  console.error(`driftgate: ${result.error.message}`);
  process.exit(2);
}
if (result.signal) {
  process.kill(process.pid, result.signal);
}
process.exit(result.status ?? 2);
