import { readFileSync, writeFileSync } from "node:fs"
import { expect, it } from "vitest"
import type { Machine } from "../../engine/core/machine.ts"
import { diagramOf } from "../../engine/core/machine.ts"
import { kernelMachines } from "../../engine/machines/index.ts"
import { alertMachine } from "../../live/agent/monitoring/alert-machine.ts"
import { callMachine, readerMachine } from "../../live/gateway/call/call-machine.ts"
import { jobMachine } from "../../live/hosts/jobs/job-machine.ts"
import { uploadMachine } from "../../live/hosts/jobs/upload-machine.ts"

const file = new URL("../../docs/machines.md", import.meta.url)

const chapter = (title: string, machines: ReadonlyArray<Machine<string, string, string>>) => [
  `## ${title}`,
  ...machines.flatMap((one) => [
    `### ${one.name}`,
    one.meaning,
    ["```mermaid", diagramOf(one), "```"].join("\n"),
  ]),
]

const page = `${[
  "# Machines",
  "Drawn from the tables that the code runs by; `EVENKEEL_DRAW=1 npx vitest run test/docs/machines` draws them again.",
  ...chapter("The kernel", kernelMachines),
  ...chapter("The live mode", [
    callMachine,
    readerMachine,
    jobMachine,
    uploadMachine,
    alertMachine,
  ]),
].join("\n\n")}\n`

it("docs/machines.md shows the machines as they are", () => {
  if (process.env["EVENKEEL_DRAW"] === "1") writeFileSync(file, page)
  expect(readFileSync(file, "utf8")).toBe(page)
})
