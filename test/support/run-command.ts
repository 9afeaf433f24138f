/** Runs a command in this process, as its words would from a shell. */
import { Effect } from "effect"
import type { Command } from "../../platform/terminal/command.ts"
import { readCommandLine } from "../../platform/terminal/command-line.ts"

export const runCommand = <E, R>(command: Command<E, R>, words: ReadonlyArray<string>) =>
  Effect.flatMap(
    readCommandLine({ fullName: "evenkeel", meaning: "", command }, words),
    (request) =>
      request._tag === "Run" ? request.effect : Effect.die(new Error(`asks for ${request._tag}`)),
  )
