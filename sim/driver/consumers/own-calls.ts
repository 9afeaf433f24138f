/** The calls that parties make themselves. */
import type { Agenda } from "../../kernel/agenda.ts"
import { exponential } from "../../kernel/variates.ts"
import type { OwnDemand } from "../../scenarios/party.ts"
import type { Parties } from "../parties/parties.ts"
import type { PartyState } from "../parties/party-state.ts"
import { badInput, noFlaw, poison, willLeave } from "../stage/flaws.ts"
import type { Setting } from "../stage/setting.ts"
import type { Calls } from "./calls.ts"

const hourMicros = 3_600e6

export class OwnCalls {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly parties: Parties
  private readonly calls: Calls
  /** By party: its entry of the agenda. */
  private readonly entries: ReadonlyArray<number>

  constructor(setting: Setting, agenda: Agenda, parties: Parties, calls: Calls) {
    this.setting = setting
    this.agenda = agenda
    this.parties = parties
    this.calls = calls
    this.entries = parties.all.map((_, index) =>
      agenda.register((party) => this.onDue(party), index),
    )
  }

  /** Demand begins: opens the accounts that pay, and schedules the first call of each party. */
  open(): void {
    for (const [index, party] of this.parties.all.entries()) {
      if (party.settings.conduct.demand === null) continue
      this.parties.openPuppets(party)
      this.schedule(party, index)
    }
  }

  private schedule({ settings, stream }: PartyState, index: number): void {
    const { agenda } = this
    const perHour = settings.conduct.demand?.callsPerHour ?? 0
    if (perHour === 0) return
    const at = Math.round(agenda.now + exponential(stream, perHour / hourMicros))
    if (at <= this.setting.endMicros) agenda.queue.schedule(this.entries[index], at)
  }

  private onDue(index: number): void {
    const party = this.parties.all[index]
    this.schedule(party, index)
    const { demand } = party.settings.conduct
    if (demand === null) throw new Error("simulator: a party without calls of its own made one")
    const { inputTokens, outputTokens, maxTokensFactor, leavesAfterTokens } = demand
    const model = this.setting.scenario.models.findIndex(({ name }) => name === demand.model)
    const common = { party: index + 1, model, further: 0 }
    const dummy = { inputTokens: 1, outputTokens: 1, maxTokens: 1, flaw: noFlaw, worth: 0 }
    for (let i = 0; i < demand.dummies; i++)
      this.calls.open({ ...common, ...dummy, consumer: -1 - this.parties.payerOf(party) })
    this.calls.open({
      ...common,
      consumer: -1 - this.parties.payerOf(party),
      inputTokens,
      outputTokens: Math.min(outputTokens, leavesAfterTokens ?? outputTokens),
      maxTokens: Math.ceil(outputTokens * maxTokensFactor),
      flaw: flawOf(demand),
      worth: demand.worth,
    })
  }
}

const flawOf = ({ isBadInput, isPoison, leavesAfterTokens }: OwnDemand): number => {
  if (isBadInput) return badInput
  if (isPoison) return poison
  return leavesAfterTokens === null ? noFlaw : willLeave
}
