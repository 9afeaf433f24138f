import { NodeContext } from "@effect/platform-node"
import { Effect, Either } from "effect"
import fc from "fast-check"
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { folderNameOf, makeResultsFolder } from "../../sim/cli/execution/results-folder.ts"

describe("folderNameOf", () => {
  it("keeps what is harmless and replaces the rest", () => {
    const names = {
      "bigger-models": "bigger-models",
      "Größe 2.0": "Größe-2.0",
      "../../x": "x",
      "/etc/passwd": "etc-passwd",
      "..": "scenario",
      "a\u001b[31mb\nc\0": "a-31mb-c",
      "-rf": "rf",
      "": "scenario",
    }
    for (const [name, folder] of Object.entries(names)) expect(folderNameOf(name)).toBe(folder)
  })

  it("is always one folder below, short and without surprises", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(..."./\\-a ") })),
        (name) => {
          const folder = folderNameOf(name)
          expect(basename(resolve("/out", folder))).toBe(folder)
          expect(resolve("/out", folder)).toBe(`/out/${folder}`)
          expect(folder).toMatch(/^[\p{L}\p{N}_][\p{L}\p{N}._-]*$/u)
          expect(Buffer.byteLength(folder)).toBeLessThanOrEqual(255)
        },
      ),
    )
  })

  it("keeps names apart that differ in plain characters", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9-]{0,30}[a-z0-9]$/), (name) => {
        expect(folderNameOf(name)).toBe(name)
      }),
    )
  })
})

describe("makeResultsFolder", () => {
  let folder = ""
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "evenkeel-folder-"))
  })
  afterAll(() => rm(folder, { recursive: true }))

  const make = (out: string) =>
    Effect.runPromise(
      makeResultsFolder(out, join(out, "results.sqlite")).pipe(
        Effect.either,
        Effect.provide(NodeContext.layer),
      ),
    )

  it("makes the folders on the way and leaves nothing in them", async () => {
    const out = join(folder, "a", "b")
    expect(Either.isRight(await make(out))).toBe(true)
    expect(await readdir(out)).toEqual([])
  })

  it("refuses a path that leads through a file", async () => {
    await writeFile(join(folder, "file"), "")
    const made = await make(join(folder, "file", "out"))
    expect(Either.isLeft(made) && made.left.message).toContain("cannot be written to")
  })

  it.runIf(process.platform === "linux")(
    "refuses at once what no folder can be made in, however deep",
    async () => {
      const made = await make("/proc/evenkeel/a/b")
      expect(Either.isLeft(made) && made.left.message).toContain("cannot be written to")
    },
  )

  it("refuses a folder in which results.sqlite is a folder", async () => {
    const out = join(folder, "odd")
    await mkdir(join(out, "results.sqlite"), { recursive: true })
    const made = await make(out)
    expect(Either.isLeft(made) && made.left.message).toContain("results.sqlite is not a file")
  })
})
