/** Evenkeel's version, from its package. */
import { createRequire } from "node:module"

export const { version } = createRequire(import.meta.url)("evenkeel/package.json") as {
  readonly version: string
}
