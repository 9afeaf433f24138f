/** The credit economy as its document (002) says, literally: every knob at its default. */
import { defaultEconomy } from "../derive.ts"
import type { Economy } from "../schema.ts"

export const pooled: Economy = defaultEconomy
