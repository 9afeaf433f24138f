/** Metering: the gateway counts, and a host may differ by so much. */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { wholeBetween } from "../core/setting.ts"

export const meteringKnobs = {
  toleranceTokens: knob(wholeBetween("tokens", 0, 1_000_000), {
    default: 8,
    unit: "tokens",
    meaning: "How far a host's count may exceed the gateway's before it is marked.",
    source: "ours: tokenizers disagree by a few tokens on special tokens",
  }),
} as const

export const compileMetering = ({
  metering,
}: {
  readonly metering: KnobValues<typeof meteringKnobs>
}) => ({ meteringToleranceTokens: metering.toleranceTokens }) as const
