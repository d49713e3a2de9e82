// A browser for the tests: the one that is installed, or the one that a package of the registry
// carries. Run as a program it unpacks that one, so that tests in parallel find it ready.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import chromium from "@sparticuz/chromium";
import { chromium as driver } from "playwright-core";

const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

async function program() {
  const installed = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
  return installed ? { executablePath: installed, args: QUIET } : { executablePath: await chromium.executablePath(), args: [...chromium.args, ...QUIET] };
}

/** A browser with a profile of its own; `close` ends it and forgets the profile. */
export async function browser() {
  const { executablePath, args } = await program();
  const profile = mkdtempSync(join(tmpdir(), "trimtab-profile-"));
  const context = await driver.launchPersistentContext(profile, { executablePath, headless: true, args });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { context, close };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await program();
