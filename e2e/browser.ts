import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium, type LaunchOptions } from "@playwright/test";

const installed: Record<string, string[]> = {
  linux: ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser", "microsoft-edge-stable"],
  darwin: ["Google Chrome", "Chromium", "Microsoft Edge"].map(
    (app) => `/Applications/${app}.app/Contents/MacOS/${app}`,
  ),
  win32: [
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe",
  ],
};

// Without these, Chromium looks for updates and hosts of its own at every start.
const quiet = [
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/** CHROME_PATH, then Playwright's own browser, then an installed Chrome, Chromium or Edge, then the one inside npm's @sparticuz/chromium. */
export async function browser(): Promise<{ name: string; launchOptions: LaunchOptions }> {
  const root = process.platform === "linux" && process.getuid?.() === 0; // root cannot use Chromium's sandbox
  const args = [...quiet, "--disable-dev-shm-usage", ...(root ? ["--no-sandbox"] : [])];
  const base: LaunchOptions = { args, chromiumSandbox: !root && !process.env.CI };
  const given = process.env.CHROME_PATH;
  if (given) return { name: given, launchOptions: { ...base, executablePath: given } };
  if (process.env.E2E_BROWSER !== "npm") {
    if (fs.existsSync(chromium.executablePath())) return { name: "Playwright's Chromium", launchOptions: base };
    const found = (installed[process.platform] ?? []).map(locate).find((file) => file !== undefined);
    if (found) return { name: found, launchOptions: { ...base, executablePath: found } };
  }
  if (process.platform === "linux" && process.arch === "x64") {
    const software = ["--headless=shell", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
    return {
      name: "@sparticuz/chromium",
      launchOptions: { ...base, ...(await packaged()), args: [...args, ...software] },
    };
  }
  throw new Error(
    'No browser found. Run "npx playwright install chromium", or set CHROME_PATH to a Chrome or Chromium.',
  );
}

function locate(nameOrPath: string): string | undefined {
  if (path.isAbsolute(nameOrPath)) return fs.existsSync(nameOrPath) ? nameOrPath : undefined;
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return folders.map((folder) => path.join(folder, nameOrPath)).find((file) => fs.existsSync(file));
}

/** The package unpacks into the temporary folder. Its own libnss3 and libnspr4 are used where the system has none. */
async function packaged(): Promise<LaunchOptions> {
  const systemHasNss = hasNss();
  if (!systemHasNss) process.env.AWS_EXECUTION_ENV ??= "AWS_Lambda_nodejs20.x"; // makes the package unpack its libraries
  const { default: chromiumPackage } = await import("@sparticuz/chromium");
  const executablePath = await chromiumPackage.executablePath();
  if (systemHasNss) return { executablePath };
  const libraries = [path.join(os.tmpdir(), "al2023", "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
  const env = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return { executablePath, env: { ...env, LD_LIBRARY_PATH: libraries } };
}

function hasNss(): boolean {
  try {
    const env = { ...process.env, PATH: "/sbin:/usr/sbin:/usr/bin:/bin" };
    return execFileSync("ldconfig", ["-p"], { encoding: "utf8", env }).includes("libnss3.so");
  } catch {
    return false; // no ldconfig: take the package's own
  }
}
