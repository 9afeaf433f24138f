/**
 * The rules of the house that neither the compiler nor the linter nor dependency-cruiser checks:
 * names, opening comments, imports as they are written, and a lock file that installs anywhere.
 */
import { readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { describe, expect, it } from "vitest"

const FOLDERS = ["engine", "platform", "schedules", "sim", "live", "reports", "test"]

const filesBelow = (folder: string): ReadonlyArray<string> =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

const isTypeScript = (path: string) => path.endsWith(".ts")
const files = readdirSync(".")
  .filter((name) => FOLDERS.includes(name))
  .flatMap(filesBelow)
const modules = [...files.filter(isTypeScript), ...readdirSync(".").filter(isTypeScript)]
const product = modules.filter((path) => !path.startsWith("test/") && !path.endsWith(".config.ts"))

/** The paths that `from "…"`, `import "…"` and `import("…")` name in a source text. */
const importsOf = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1] ?? "")

describe("source files", () => {
  it("are found at all", () => {
    expect(product.length).toBeGreaterThan(10)
  })

  it("have kebab-case names", () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.slow)?(\.(test|config))?\.ts$/
    expect(modules.filter((path) => !kebab.test(basename(path)))).toEqual([])
  })

  it("are named after what they hold, not after being useful", () => {
    const vague = /(^|[/-])(utils?|helpers?|managers?|misc|common)([/.-]|$)/
    expect(modules.filter((path) => vague.test(path))).toEqual([])
  })

  it("open with a comment that says what they are for", () => {
    const opening = /^(#!.*\n)?\/\*\*/
    expect(product.filter((path) => !opening.test(readFileSync(path, "utf8")))).toEqual([])
  })

  it("import each other by the file's own name, ending in .ts", () => {
    const strays = modules.flatMap((path) =>
      importsOf(readFileSync(path, "utf8"))
        .filter((target) => target.startsWith(".") && !target.endsWith(".ts"))
        .map((target) => `${path}: ${target}`),
    )
    expect(strays).toEqual([])
  })
})

describe("Effects", () => {
  const users = (pattern: RegExp) =>
    product.filter((path) => pattern.test(readFileSync(path, "utf8"))).toSorted()

  it("are run at the edges alone: processes, threads, and where promises are awaited", () => {
    expect(users(/\b(run(Promise|Sync|Fork|Callback|Main)|unsafeRun)|\bRuntime\.run/)).toEqual([
      "live/http/run-effect.ts",
      "platform/terminal/run-program.ts",
      "sim/coverage-worker.ts",
      "sim/demand/fit-sizes.ts",
      "sim/fleet/fit.ts",
      "sim/replication-worker.ts",
    ])
  })

  it("are awaited by routes, by the client library's classes, by a backend as users write them, by batches and by webhooks", () => {
    const awaiting = users(/\brunEffect\(/).filter((path) => !path.endsWith("-routes.ts"))
    expect(awaiting).toEqual([
      "live/agent/backends/huggingface.ts",
      "live/agent/host-agent.ts",
      "live/agent/hours/compute-provider.ts",
      // Done beside whatever anybody asks for: no route waits for it.
      "live/batches/batches.ts",
      "live/batches/feeder.ts",
      "live/batches/input-file.ts",
      "live/hours/webhooks.ts",
    ])
  })
})

describe("folders", () => {
  it("hold more than one thing", () => {
    const children = new Map<string, Set<string>>()
    for (const path of files) {
      for (let child = path; dirname(child) !== "."; child = dirname(child)) {
        const folder = dirname(child)
        children.set(folder, (children.get(folder) ?? new Set()).add(child))
      }
    }
    // Tests mirror the tree, so they may have a folder for one file.
    const lonely = [...children].filter(([path, held]) => held.size < 2 && !/^test\b/.test(path))
    expect(lonely.map(([path]) => path)).toEqual([])
  })
})

interface LockedPackage {
  readonly link?: boolean
  readonly resolved?: string
  readonly integrity?: string
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

describe("package-lock.json", () => {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    readonly packages: Readonly<Record<string, LockedPackage>>
  }
  const packages = Object.entries(lock.packages).filter(([path]) => path !== "")

  it("names no registry, so that any mirror serves, and the digest of every package", () => {
    expect(packages.filter(([, entry]) => entry.resolved !== undefined)).toEqual([])
    expect(packages.filter(([, entry]) => entry.integrity === undefined)).toEqual([])
  })

  // npm 11 refuses `npm ci` where an optional package, such as another platform's binary, is left out.
  it("holds every optional package of every package", () => {
    const held = new Set(
      packages.map(([path]) => path.slice(path.lastIndexOf("node_modules/") + 13)),
    )
    const wanted = packages.flatMap(([, entry]) => Object.keys(entry.optionalDependencies ?? {}))
    expect(wanted.filter((name) => !held.has(name))).toEqual([])
  })
})

describe("the repository", () => {
  it("keeps CI's entry executable", () => {
    expect(statSync(".ci/run").mode & 0o111).toBe(0o111)
  })
})
