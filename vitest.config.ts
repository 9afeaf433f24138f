import { existsSync, readdirSync, statSync } from "node:fs"
import { dirname, join, relative, resolve } from "node:path"
import type { Plugin } from "vitest/config"
import { defineConfig } from "vitest/config"

// `npm run test:long` tries each property a hundred times as often.
const isLong = process.env["EVENKEEL_LONG"] === "1"
const timeoutMillis = isLong ? 3_600_000 : 120_000

const root = import.meta.dirname
const folders = ["engine", "platform", "schedules", "sim", "live", "reports"]
const isProduct = (path: string): boolean =>
  path === "commands.ts" || folders.some((folder) => path.startsWith(`${folder}/`))

/** Has nothing of the product changed since `npm run build`, which writes this file each time? */
const isBuilt = (): boolean => {
  const program = join(root, "dist", "evenkeel.js")
  if (!existsSync(program)) return false
  const { mtimeMs } = statSync(program)
  const isOlder = (path: string): boolean => statSync(join(root, path)).mtimeMs < mtimeMs
  return ["commands.ts", ...folders.flatMap(sourcesIn)].every(isOlder)
}

const sourcesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .map((path) => join(folder, path))

/**
 * Tests run what is shipped, which takes a third of the time off them. Where it is older than its
 * sources, or where they are watched, the sources are run.
 */
const runBuilt: Plugin = {
  name: "run-built",
  enforce: "pre",
  resolveId: (source, importer) => {
    if (importer === undefined || !source.startsWith(".") || !source.endsWith(".ts")) return null
    const path = relative(root, resolve(dirname(importer), source))
    return isProduct(path) ? join(root, "dist", path.replace(/\.ts$/, ".js")) : null
  },
}

export default defineConfig({
  plugins: process.argv.includes("run") && isBuilt() ? [runBuilt] : [],
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["test/support/property-runs.ts"],
    server: { deps: { external: [/\/dist\//] } },
    // Files share processes: loading modules anew for each would take a quarter of the time. So a test
    // puts back what it changes of its process: the environment, timers, spies.
    isolate: false,
    // Two cores are what CI has; vitest alone would leave one of them idle.
    maxWorkers: 2,
    minWorkers: 1,
    testTimeout: timeoutMillis,
    hookTimeout: timeoutMillis,
  },
})
