/** What a replication keeps of a party while it runs. */
import type { Stream } from "../../../engine/index.ts"
import { openStream } from "../../../engine/index.ts"
import type { Party } from "../../scenarios/party.ts"
import type { Setting } from "../stage/setting.ts"

export interface PartyState {
  readonly settings: Party
  /** Its accounts, by operator number: those that own nodes, and those that only pay for calls. */
  readonly operators: Array<number>
  readonly puppets: Array<number>
  readonly nodes: Array<number>
  /** When its calls come. */
  readonly stream: Stream
  nextPuppet: number
  /** Credits that its accounts bought, minor units. */
  boughtMinor: number
  /** What its own calls were charged, minor units, and how many were served. */
  spentMinor: number
  /** What somebody outside of the market paid it for machines, minor units. */
  outsideMinor: number
  /** What the hours that it rented, and answers to its batches and calls, were worth to it, credits. */
  worthOfHours: number
  calls: number
  /** Times that it registered again. */
  rejoined: number
}

export const openParties = ({ scenario, seed }: Setting): ReadonlyArray<PartyState> =>
  scenario.parties.map((settings) => ({
    settings,
    operators: [],
    puppets: [],
    nodes: [],
    stream: openStream(seed, "party", settings.name),
    nextPuppet: 0,
    boughtMinor: 0,
    spentMinor: 0,
    outsideMinor: 0,
    worthOfHours: 0,
    calls: 0,
    rejoined: 0,
  }))
