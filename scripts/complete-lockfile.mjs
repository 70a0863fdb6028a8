/**
 * Run after each change of dependencies. A registry mirror may lack some packages for other platforms; npm then writes a lockfile
 * without them, which `npm ci` refuses. This adds the missing entries: optional, with os and cpu, fetched only where they apply.
 */
import fs from "node:fs";

const systems = ["darwin", "linux", "win32", "freebsd", "android"];
const processors = ["arm64", "x64", "arm", "ia32", "riscv64", "ppc64", "s390x", "loong64", "wasm32"];

const lock = JSON.parse(fs.readFileSync("package-lock.json", "utf8"));
let added = 0;
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
    if (lock.packages[`${place}/node_modules/${name}`] || lock.packages[`node_modules/${name}`]) continue;
    const parts = name.split(/[-/]/);
    const os = systems.find((system) => parts.includes(system)) ?? (parts.includes("windows") ? "win32" : undefined);
    const cpu = processors.find((processor) => parts.includes(processor));
    if (!os && !cpu) console.warn(`left out ${name}: its name says no platform`);
    else {
      lock.packages[`node_modules/${name}`] = {
        version: range.replace(/^[\^~]/, ""),
        ...(cpu && { cpu: [cpu] }),
        ...(entry.dev && { dev: true }),
        optional: true,
        ...(os && { os: [os] }),
      };
      added++;
    }
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
fs.writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} entries added`);
