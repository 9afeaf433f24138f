/** The economies that Evenkeel ships, by name. */
import type { Economy } from "../schema.ts"
import { aitbcHardened } from "./aitbc-hardened.ts"
import { aitbc } from "./aitbc.ts"
import { hardened } from "./hardened.ts"
import { infrintiaHardened } from "./infrintia-hardened.ts"
import { infrintia } from "./infrintia.ts"
import { pooled } from "./pooled.ts"

export const economies: Readonly<Record<string, Economy>> = {
  pooled,
  hardened,
  infrintia,
  "infrintia-hardened": infrintiaHardened,
  aitbc,
  "aitbc-hardened": aitbcHardened,
}
