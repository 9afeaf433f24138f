import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import type { AgentState } from "../../../../live/agent/plan/state-file.ts"
import { defaultStateFile, readState, writeState } from "../../../../live/agent/plan/state-file.ts"

const folder = mkdtempSync(join(tmpdir(), "evenkeel-state-"))
afterAll(() => rmSync(folder, { recursive: true }))
const gateway = new URL("https://market.example/")
const state: AgentState = {
  version: 1,
  gateway: "https://market.example",
  registrationId: "r",
  hostId: "host_1",
  apiKey: "hk_live_secret",
  models: [{ model: "m", upstream_model: "own", slots: 2, tokens_per_second: 60 }],
}
const modeOf = (file: string): number => statSync(file).mode & 0o777

test("what is written is read again, by its owner alone", async () => {
  const file = join(folder, "deep", "state.json")
  await writeState(file, state)
  expect(modeOf(file)).toBe(0o600)
  expect(modeOf(join(folder, "deep"))).toBe(0o700)
  expect(await readState(file, gateway)).toEqual(state)
  await writeState(file, { ...state, hostId: "host_2" })
  expect(await readState(file, gateway)).toMatchObject({ hostId: "host_2" })
  expect(readdirSync(join(folder, "deep"))).toEqual(["state.json"])
})

test("writers at the same time, of one process id, leave one whole state and no draft", async () => {
  const file = join(folder, "shared", "state.json")
  const hostIds = Array.from({ length: 20 }, (_, index) => `host_${index}`)
  await Promise.all(hostIds.map((hostId) => writeState(file, { ...state, hostId })))
  expect(hostIds).toContain((await readState(file, gateway))?.hostId)
  expect(readdirSync(join(folder, "shared"))).toEqual(["state.json"])
})

test("a file that others may read is closed again", async () => {
  const file = join(folder, "open.json")
  await writeState(file, state)
  chmodSync(file, 0o644)
  await readState(file, gateway)
  expect(modeOf(file)).toBe(0o600)
})

test("no file is no state; another gateway's, or nonsense, is an error that says what to do", async () => {
  expect(await readState(join(folder, "none.json"), gateway)).toBeUndefined()
  const file = join(folder, "other.json")
  await writeState(file, state)
  await expect(readState(file, new URL("https://other.example"))).rejects.toThrow(
    "belongs to the gateway https://market.example, not to https://other.example",
  )
  writeFileSync(file, "{")
  await expect(readState(file, gateway)).rejects.toThrow("no state file of an agent")
  await expect(writeState(join(file, "below.json"), state)).rejects.toThrow("cannot be written")
})

test("each gateway has a file of its own", () => {
  expect(defaultStateFile(gateway)).toBe(defaultStateFile(new URL("https://market.example")))
  expect(defaultStateFile(gateway)).not.toBe(defaultStateFile(new URL("https://market.example/b")))
  expect(defaultStateFile(gateway)).toMatch(/evenkeel\/agent-market\.example-[0-9a-f]{8}\.json$/)
})
