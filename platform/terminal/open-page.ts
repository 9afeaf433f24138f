/** A page shown to the user, by whatever opens one on this machine. */
import { Effect } from "effect"
import { spawn } from "node:child_process"
import { resolve } from "node:path"
import { note } from "./output.ts"
import * as Parameter from "./parameter.ts"

export const openOption = Parameter.flag("open", "Open the page in a browser when it is written.")

const openers: Partial<Record<NodeJS.Platform, readonly [string, ReadonlyArray<string>]>> = {
  darwin: ["open", []],
  win32: ["explorer.exe", []],
}

/** Opens the file, or says where it is: a machine without a desktop has nothing to open it with. */
export const openPage = (file: string): Effect.Effect<void> =>
  Effect.async<void, Error>((resume) => {
    const [program, before] = openers[process.platform] ?? ["xdg-open", []]
    const child = spawn(program, [...before, resolve(file)], { detached: true, stdio: "ignore" })
    child.once("error", (error) => resume(Effect.fail(error)))
    child.once("spawn", () => {
      child.unref()
      resume(Effect.void)
    })
  }).pipe(
    Effect.catchAll(() =>
      note(`Nothing on this machine opens pages; the page is ${resolve(file)}.`),
    ),
  )
