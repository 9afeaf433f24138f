/** The owner of a gaming PC: plays in the evening, and lends the machine for the rest of the day. */
import type { Decide } from "../view.ts"
import { stays } from "../view.ts"

const playsFromHour = 18
const playsUntilHour = 23

export const partTimer: Decide = ({ hourOfDay }) =>
  hourOfDay >= playsFromHour && hourOfDay < playsUntilHour
    ? { _tag: "Pause", hours: playsUntilHour - hourOfDay }
    : stays
