/** The chains of an agent's calls: one that was served leads to the next, a pause for thought later. */
import { geometric } from "../kernel/variates.ts"
import { noFlaw } from "./flaws.ts"
import type { World } from "./world.ts"
import { followUpActor } from "./world.ts"

/** How many calls follow upon the first of a consumer: geometric about its kind's mean. */
export const furtherCalls = (world: World, consumer: number): number => {
  const mean = world.consumers.kindOf(consumer).furtherCalls
  return mean === 0 ? 0 : geometric(world.streams.session, 1 / (1 + mean))
}

/** After a call that was served whole, the next of its chain, if there is one. */
export const followUp = (world: World, slot: number): void => {
  const { columns } = world.requests
  const further = columns.further[slot]
  if (further === 0 || columns.flaw[slot] !== noFlaw) return
  const consumer = columns.consumer[slot]
  const at = world.now + Math.round(world.consumers.kindOf(consumer).thinkSeconds * 1e6)
  if (at > world.endMicros) return
  world.followUps.add({
    at,
    consumer,
    model: columns.model[slot],
    inputTokens: columns.inputTokens[slot],
    outputTokens: columns.outputTokens[slot],
    maxTokens: columns.maxTokens[slot],
    worth: columns.worth[slot],
    further: further - 1,
  })
  if (!world.queue.isPending(followUpActor)) world.queue.schedule(followUpActor, at)
}
