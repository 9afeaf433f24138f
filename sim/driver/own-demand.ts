/** The calls that parties make themselves: when, and from which account. */
import { exponential } from "../kernel/variates.ts"
import { signUpOperator } from "./accounts.ts"
import type { PartyState } from "./party-state.ts"
import type { World } from "./world.ts"
import { partyActor } from "./world.ts"

const hourMicros = 3_600e6

/** Opens the accounts that pay for a party's own calls, and schedules the first of these. */
export const openOwnDemand = (world: World): void => {
  for (const [index, party] of world.parties.entries()) {
    const { demand } = party.settings.conduct
    if (demand === null) continue
    if (demand.paidBy === "puppets")
      for (let i = 0; i < demand.puppets; i++) party.puppets.push(signUpOperator(world))
    if (demand.paidBy === "gifts") party.puppets.push(signUpOperator(world))
    scheduleOwnCall(world, index)
  }
}

export const scheduleOwnCall = (world: World, index: number): void => {
  const { settings, stream } = world.parties[index]
  const perHour = settings.conduct.demand?.callsPerHour ?? 0
  if (perHour === 0) return
  const at = Math.round(world.now + exponential(stream, perHour / hourMicros))
  if (at <= world.endMicros) world.queue.schedule(partyActor(index), at)
}

/** The account that pays for the party's next call. */
export const payerOf = (party: PartyState): number => {
  const paidBy = party.settings.conduct.demand?.paidBy
  if (paidBy === "own") return party.operators[0]
  if (paidBy === "gifts") return party.puppets[party.puppets.length - 1]
  return party.puppets[party.nextPuppet++ % party.puppets.length]
}
