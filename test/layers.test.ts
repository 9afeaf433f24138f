/**
 * The plan of the house holds (`npm run layers`) because a breach is refused: small houses are built here,
 * each with one import that is not allowed, and the checker is asked.
 */
import { execFileSync } from "node:child_process"
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, it } from "vitest"

const root = fileURLToPath(new URL("..", import.meta.url))
let house = ""

/** Who imports whom, and the rule that refuses it. */
const breaches = [
  ["engine/core/a.ts", "engine/market/state/b.ts", "engine-core-imports-rooms-below"],
  ["engine/rules/a.ts", "engine/ledger/b.ts", "engine-rules-imports-rooms-below"],
  ["engine/machines/a.ts", "engine/rules/b.ts", "engine-machines-imports-rooms-below"],
  ["engine/ledger/a.ts", "engine/economy/b.ts", "engine-ledger-imports-rooms-below"],
  [
    "engine/market/admission/a.ts",
    "engine/market/payout/b.ts",
    "engine-market-admission-imports-rooms-below",
  ],
  [
    "engine/market/presence/a.ts",
    "engine/market/step.ts",
    "engine-market-presence-imports-rooms-below",
  ],
  ["engine/core/c.ts", "sim/b.ts", "engine-imports-effect-and-seedrandom-only"],
  ["platform/a.ts", "live/http/b.ts", "platform-imports-engine-only"],
  ["schedules/a.ts", "live/http/f.ts", "schedules-import-effect-and-temporal-only"],
  ["schedules/c.ts", "engine/core/e.ts", "schedules-import-effect-and-temporal-only"],
  ["engine/core/f.ts", "schedules/index.ts", "engine-imports-effect-and-seedrandom-only"],
  ["reports/b.ts", "schedules/index.ts", "schedules-are-for-drivers"],
  ["sim/driver/g.ts", "schedules/d.ts", "schedules-serve-both-drivers"],
  ["sim/driver/a.ts", "live/http/c.ts", "sim-imports-engine-and-platform-only"],
  ["sim/driver/c.ts", "engine/core/d.ts", "sim-takes-the-kernels-public-surface-only"],
  ["sim/kernel/a.ts", "sim/driver/d.ts", "sim-kernel-knows-no-later-room"],
  ["live/http/d.ts", "sim/driver/e.ts", "live-imports-engine-and-platform-only"],
  ["live/store/a.ts", "live/gateway/b.ts", "live-store-imports-rooms-below"],
  ["live/hosts/a.ts", "live/gateway/c.ts", "live-hosts-imports-rooms-below"],
  ["reports/a.ts", "live/http/e.ts", "reports-import-results-only"],
  ["sim/results/a.ts", "sim/driver/f.ts", "results-stand-alone"],
] as const

const write = (path: string, text: string): void => {
  mkdirSync(join(house, dirname(path)), { recursive: true })
  writeFileSync(join(house, path), text)
}
const importing = (from: string, to: string): string =>
  `import { b } from "${"../".repeat(from.split("/").length - 1)}${to}"\nexport const a = b\n`

beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), "evenkeel-layers-"))
  for (const file of [".dependency-cruiser.cjs", "tsconfig.json", "package.json"])
    cpSync(join(root, file), join(house, file))
  symlinkSync(join(root, "node_modules"), join(house, "node_modules"))
  for (const [from, to] of breaches) {
    write(to, "export const b = 1\n")
    write(from, importing(from, to))
  }
  write("live/http/g.ts", 'export { Temporal } from "temporal-polyfill"\n')
  // Two folders in a circle, whose files are in none.
  write("reports/one/a.ts", importing("reports/one/a.ts", "reports/two/b.ts"))
  write("reports/two/b.ts", "export const b = 1\n")
  write("reports/two/c.ts", importing("reports/two/c.ts", "reports/one/d.ts"))
  write("reports/one/d.ts", "export const b = 1\n")
})
afterAll(() => rmSync(house, { recursive: true }))

it("an import that the plan does not have is refused, and so is a circle of folders", () => {
  const checker = join(root, "node_modules/.bin/depcruise")
  const words = ["--config", ".dependency-cruiser.cjs", "--output-type", "json"]
  const folders = ["engine", "platform", "schedules", "sim", "live", "reports"]
  const { summary } = JSON.parse(
    execFileSync(checker, [...words, ...folders], {
      cwd: house,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }),
  ) as {
    readonly summary: {
      readonly violations: ReadonlyArray<{
        readonly from: string
        readonly to: string
        readonly rule: { readonly name: string }
      }>
    }
  }
  const refused = summary.violations.map(({ from, to, rule }) => `${from} -> ${to}: ${rule.name}`)
  expect(refused).toEqual(
    expect.arrayContaining(breaches.map(([from, to, rule]) => `${from} -> ${to}: ${rule}`)),
  )
  expect(refused).toContain("reports/one -> reports/two: no-cycles-of-folders")
  expect(
    refused.filter((breach) =>
      /^live\/http\/g\.ts -> .*: time-zones-in-schedules-only$/.test(breach),
    ),
  ).toHaveLength(1)
})
