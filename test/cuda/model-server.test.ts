/** What can be said of the GPU run without a GPU: its programs are well formed, its arithmetic holds. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { quantiles } from "./load.ts"

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const succeeds = (program: string, ...words: ReadonlyArray<string>): boolean =>
  spawnSync(program, words, { stdio: "ignore", timeout: 60_000 }).status === 0
const hasPython = succeeds("python3", "--version")
const hasTorch = hasPython && succeeds("python3", "-c", "import torch, transformers")

describe("the run on a GPU", () => {
  test("its shell script is well formed", () => {
    expect(succeeds("bash", "-n", fileOf("run.sh"))).toBe(true)
  })

  test.skipIf(!hasPython)("its model server is well formed (skipped without python3)", () => {
    const parse = "import ast, sys; ast.parse(open(sys.argv[1]).read())"
    expect(succeeds("python3", "-c", parse, fileOf("model_server.py"))).toBe(true)
  })

  test.skipIf(!hasTorch)(
    "its model server computes what Transformers computes (skipped without torch and transformers)",
    () => {
      const words = [fileOf("model_server.py"), "--cpu", "--size", "tiny", "--check"]
      expect(succeeds("python3", ...words)).toBe(true)
    },
  )

  test("quantiles", () => {
    expect(quantiles([5, 1, 4, 2, 3])).toEqual({ least: 1, p50: 3, p95: 5, most: 5 })
    expect(quantiles([7])).toEqual({ least: 7, p50: 7, p95: 7, most: 7 })
  })
})
