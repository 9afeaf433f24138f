/** The package itself: its version, and where the programs that it was built into lie. */
import { createRequire } from "node:module"
import { pathToFileURL } from "node:url"

// By its own name: what asks may lie anywhere, in its sources or in a bundle of them.
const packageRequire = createRequire(import.meta.url)

export const { version } = packageRequire("evenkeel/package.json") as { readonly version: string }

/** A program of dist/, by its path there. */
export const builtProgram = (path: string): URL =>
  new URL(`dist/${path}`, pathToFileURL(packageRequire.resolve("evenkeel/package.json")))
