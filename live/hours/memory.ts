/** Memory of machines: GiB to people, MiB to the market; and what of it is sold. */
import type { GpuRecord } from "../directory/records.ts"

const mibPerGib = 1024

export const mibOf = (gib: number): number => Math.floor(gib * mibPerGib)
export const gibOf = (mib: number): number => mib / mibPerGib

/** What its specialised models take of a machine's memory, MiB. */
export const memoryTaken = (specialised: GpuRecord["specialised"]): number =>
  (specialised ?? []).reduce((sum, { memoryMib }) => sum + memoryMib, 0)

/** What of a machine's memory is sold by the hour. */
export const memoryForSale = ({ terms, specialised }: GpuRecord): number =>
  terms.memoryMib - memoryTaken(specialised)
