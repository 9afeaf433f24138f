/** Blame: whose word and whose calls count when an attempt fails. Judged in `market/requests/blame.ts`. */
import type { KnobValues } from "../core/knob.ts"
import { knob } from "../core/knob.ts"
import { flag, nonNegative, wholeBetween } from "../core/setting.ts"

export const blameKnobs = {
  secondOpinion: knob(flag, {
    default: false,
    unit: "yes/no",
    meaning:
      "Whether a 4xx is the consumer's only once another operator's host agrees: where one serves the call, refusing it was a failure.",
    source:
      "002: 4xx user errors are neutral; hardened: a host's word for it is not enough, or refusing calls by 4xx costs nothing",
  }),
  excuseShared: knob(flag, {
    default: false,
    unit: "yes/no",
    meaning:
      "Whether a call that fails alike on different hosts counts against none of them: the call is what they have in common.",
    source: "002 is silent; hardened: one malformed call must not park host after host",
  }),
  minWitnesses: knob(wholeBetween("parties", 1, 2), {
    default: 1,
    unit: "parties",
    meaning:
      "Parties whose calls must have failed before failures trip a breaker or lower a score; a probe settles what one alone has seen. A 404, and refusing what peers serve, need no witness.",
    source: "002 counts failures, whoever saw them; hardened: no consumer alone can harm a host",
  }),
  refusalDeviations: knob(nonNegative("standard deviations"), {
    default: 0,
    unit: "standard deviations",
    meaning:
      "How far a host's rate of 4xx that no other host shares may be above its peers' before each counts as a failure by itself; 0 is off.",
    source: "ours: off; hardened: 4, for markets in which no second host has room to be asked",
  }),
} as const

export const compileBlame = ({ blame }: { readonly blame: KnobValues<typeof blameKnobs> }) =>
  ({
    isSecondOpinionAsked: blame.secondOpinion,
    isSharedExcused: blame.excuseShared,
    minWitnesses: blame.minWitnesses,
    refusalDeviations: blame.refusalDeviations,
  }) as const
