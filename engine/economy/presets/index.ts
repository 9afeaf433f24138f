/** The economies that Evenkeel ships, by name. */
import type { Economy } from "../schema.ts"
import { hardened } from "./hardened.ts"
import { pooled } from "./pooled.ts"

export const economies: Readonly<Record<string, Economy>> = { pooled, hardened }
