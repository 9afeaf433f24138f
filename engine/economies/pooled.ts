/** The credit economy as its document (002) says, literally: every knob at its default. */
import { defaultEconomy } from "../economy/derive.ts"
import type { Economy } from "../economy/schema.ts"

export const pooled: Economy = defaultEconomy
