import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { expect, it } from "vitest"

const module = new URL("../../dist/platform/worker.js", import.meta.url).href
const root = fileURLToPath(new URL("../..", import.meta.url))

it("a thread whose program is not there ends the process, and says which it was", () => {
  const program = `const { startThread } = await import(${JSON.stringify(module)})
startThread("sim/no-such-worker.js")
setInterval(() => {}, 1000)`
  const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    encoding: "utf8",
    timeout: 60_000,
  })
  expect(status).toBe(1)
  expect(stderr).toContain("sim/no-such-worker.js cannot be started")
})
