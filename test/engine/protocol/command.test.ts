import { describe, expect, it } from "vitest"
import type { Command } from "../../../engine/protocol/command.ts"
import { emit } from "../../../engine/protocol/command.ts"
import { emptyDigest, hexOf } from "../../../engine/core/digest.ts"

const digestOf = (command: Command): string => {
  const sink = { commands: [] as Array<Command>, digest: emptyDigest() }
  emit(sink, command)
  expect(sink.commands).toEqual([command])
  return hexOf(sink.digest)
}

const commands: ReadonlyArray<Command> = [
  { _tag: "Dispatch", request: 1, attempt: 2, instance: 3 },
  { _tag: "Refuse", request: 1, reason: "NoCapacity" },
  {
    _tag: "Finish",
    request: 1,
    instance: 2,
    outcome: "completed",
    outputTokens: 3,
    charge: 4,
    fee: 5,
    share: 6,
    withheld: 7,
    bounty: 8,
  },
  { _tag: "Probe", instance: 1, probe: 2, purpose: "breaker", tokens: 3 },
  { _tag: "Measure", instance: 1, measurement: 2 },
  { _tag: "Park", instance: 1, untilMicros: 2 },
  { _tag: "FailOver", node: 1 },
  { _tag: "Announce", model: 1, multiplierHundredths: 2 },
  { _tag: "Audit", subject: 1, finding: "OverReported", quantity: 2 },
  { _tag: "Post", kind: "fee", debit: 1, credit: 2, amount: 3, reference: 4 },
  { _tag: "Rejected", event: "NodeLost", reason: "UnknownNode" },
]

/** The same command with one field changed. */
const changed = (command: Command, field: string): Command => {
  const value = (command as unknown as Record<string, unknown>)[field]
  const others: Readonly<Record<string, string>> = {
    reason: command._tag === "Refuse" ? "NoInstance" : "UnknownModel",
    outcome: "stalled",
    purpose: "floor",
    finding: "Clawback",
    kind: "share",
  }
  const other = typeof value === "number" ? value + 1 : others[field]
  return { ...command, [field]: other } as Command
}

describe("the digest of the commands", () => {
  it.each(commands)("depends on every field of $_tag", (command) => {
    // Which event a rejection answers is for the reader; the driver knows what it sent.
    const fields = Object.keys(command).filter((field) => field !== "_tag" && field !== "event")
    const digests = [command, ...fields.map((field) => changed(command, field))].map(digestOf)
    expect(new Set(digests).size).toBe(fields.length + 1)
  })

  it("depends on the kind of command", () => {
    expect(new Set(commands.map(digestOf)).size).toBe(commands.length)
  })
})
