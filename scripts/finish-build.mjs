/**
 * What the compiler leaves to do: the command line becomes executable. npm sets that bit only once,
 * when it links the command, so a dist/ that was removed and built again would lack it, and
 * `npx evenkeel` would be refused.
 */
import { chmodSync } from "node:fs"

chmodSync("dist/evenkeel.js", 0o755)
