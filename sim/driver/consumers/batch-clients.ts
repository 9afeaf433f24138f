/**
 * Batches: clients hand in many calls at once, and each of these is given out when the market has room for it that no
 * call wants. Parties hand in batches, too.
 */
import type { Command, Stream } from "../../../engine/index.ts"
import {
  batchView,
  drawBelow,
  hasRoomForItem,
  itemStandOf,
  nextItem,
  openStream,
} from "../../../engine/index.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { Appointments } from "../../kernel/appointments.ts"
import { exponential } from "../../kernel/variates.ts"
import type { Recorder } from "../../recording/recorder.ts"
import type { Parties } from "../parties/parties.ts"
import type { PartyState } from "../parties/party-state.ts"
import type { Accounts } from "../stage/accounts.ts"
import { accountOfBatchClient, accountOfOperator } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import { hourOfDay, listPriceOf } from "../stage/setting.ts"
import type { Calls } from "./calls.ts"

const hourMicros = 3600e6
const dayMicros = 24 * hourMicros
/** How often it is looked whether there is room. */
const lookMicros = 60e6

interface Batch {
  readonly id: number
  readonly model: number
  readonly party: PartyState | undefined
  readonly partyNumber: number
  readonly account: number
  readonly items: number
  readonly dummies: number
  readonly inputTokens: number
  readonly outputTokens: number
  /** What an answer is worth, credits. */
  readonly worth: number
  readonly since: number
}

interface Asked {
  readonly account: number
  readonly partyNumber: number
  readonly model: number
  readonly items: number
  readonly dummies: number
  readonly inputTokens: number
  readonly outputTokens: number
  readonly worth: number
  readonly windowHours: number | null
}

export class BatchClients {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly appointments: Appointments
  private readonly port: MarketPort
  private readonly accounts: Accounts
  private readonly parties: Parties
  private readonly calls: Calls
  private readonly recorder: Recorder
  private readonly stream: Stream
  private readonly open = new Map<number, Batch>()
  private lastBatch = 0
  private isLooking = false

  constructor(parts: {
    readonly setting: Setting
    readonly agenda: Agenda
    readonly port: MarketPort
    readonly accounts: Accounts
    readonly parties: Parties
    readonly calls: Calls
    readonly recorder: Recorder
  }) {
    this.setting = parts.setting
    this.agenda = parts.agenda
    this.appointments = new Appointments(parts.agenda)
    this.port = parts.port
    this.accounts = parts.accounts
    this.parties = parts.parties
    this.calls = parts.calls
    this.recorder = parts.recorder
    this.stream = openStream(parts.setting.seed, "batches", 0)
  }

  /** Demand begins. */
  begin(): void {
    const { batches } = this.setting.scenario.demand
    if (batches.perDay > 0) {
      for (let client = 0; client < batches.clients; client++) this.accounts.openBatchClient(client)
      this.scheduleNext()
    }
    for (const [index, party] of this.parties.all.entries()) {
      const { batches: own, name } = party.settings
      if (own === null) continue
      const stream = openStream(this.setting.seed, "own batches", name)
      this.scheduleOwn(index + 1, party, stream)
    }
  }

  /** Held for batches that are not over, minor units. */
  heldMinor(): number {
    let held = 0
    for (const id of this.open.keys()) {
      const view = batchView(this.port.market, id)
      if (view !== undefined) held += view.held - view.charged
    }
    return held
  }

  /** Between the hours of a day in which they come, as many a day as there are. */
  private scheduleNext(): void {
    const { fromHour, perDay, untilHour } = this.setting.scenario.demand.batches
    const length = (untilHour > fromHour ? untilHour - fromHour : 24 - fromHour + untilHour) || 24
    let at = Math.round(
      this.agenda.now + exponential(this.stream, ((24 / length) * perDay) / dayMicros),
    )
    // What falls outside of these hours comes as much later within the next ones.
    const hour = ((at - this.setting.startMicros) % dayMicros) / hourMicros
    const since = (hour - fromHour + 24) % 24
    if (since >= length)
      at += Math.ceil((24 - since) * hourMicros + this.stream.next() * hourMicros)
    if (at < this.setting.endMicros) this.appointments.make(at, () => this.onDue())
  }

  private onDue(): void {
    this.scheduleNext()
    const { batches } = this.setting.scenario.demand
    this.ask({
      ...batches,
      account: accountOfBatchClient(drawBelow(this.stream, batches.clients)),
      partyNumber: 0,
      model: 0,
      dummies: 0,
      worth: 0,
    })
  }

  private scheduleOwn(partyNumber: number, party: PartyState, stream: Stream): void {
    const own = party.settings.batches
    if (own === null) return
    const at = Math.round(this.agenda.now + exponential(stream, own.perDay / dayMicros))
    if (at >= this.setting.endMicros) return
    this.appointments.make(at, () => {
      this.scheduleOwn(partyNumber, party, stream)
      const model = this.setting.scenario.models.findIndex(({ name }) => name === own.model)
      this.ask({
        ...own,
        account: accountOfOperator(this.parties.payingAccountOf(party)),
        partyNumber,
        model,
        worth: own.worth * listPriceOf(this.setting, model, own.inputTokens, own.outputTokens),
        windowHours: null,
      })
    })
  }

  private ask(asked: Asked): void {
    const { account, dummies, inputTokens, items, model, outputTokens, partyNumber } = asked
    const { now: at } = this.agenda
    const id = ++this.lastBatch
    const all = items + dummies
    const tokens = { input: items * inputTokens + dummies, output: items * outputTokens + dummies }
    // Each item is rounded up by itself.
    const most = listPriceOf(this.setting, model, tokens.input, tokens.output)
    this.provide(account, this.parties.all[partyNumber - 1], most + (2 * all) / this.setting.credit)
    this.recorder.add("batchesAsked", 1)
    this.open.set(id, {
      id,
      model,
      party: this.parties.all[partyNumber - 1],
      partyNumber,
      account,
      items,
      dummies,
      inputTokens,
      outputTokens,
      worth: asked.worth,
      since: at,
    })
    this.port.tell({
      _tag: "BatchOpened",
      at,
      batch: id,
      account,
      model,
      items: all,
      inputTokens: tokens.input,
      maxTokens: tokens.output,
      ...(asked.windowHours === null
        ? {}
        : { deadline: at + Math.round(asked.windowHours * hourMicros) }),
    })
    if (batchView(this.port.market, id) === undefined) this.open.delete(id)
  }

  private provide(account: number, party: PartyState | undefined, credits: number): void {
    const lacking = credits - this.accounts.spendableCredits(account)
    if (lacking <= 0) return
    const bought = this.accounts.buy(account, lacking)
    if (party !== undefined) party.boughtMinor += bought
  }

  onAccepted({ batch }: Extract<Command, { _tag: "AcceptBatch" }>): void {
    this.recorder.add("batchesTaken", 1)
    this.giveOut(batch)
    this.lookLater()
  }

  private lookLater(): void {
    if (this.isLooking || this.open.size === 0) return
    const at = this.agenda.now + lookMicros
    if (at >= this.setting.endMicros) return
    this.isLooking = true
    this.appointments.make(at, () => {
      this.isLooking = false
      this.port.tell({ _tag: "TimerFired", at: this.agenda.now })
      for (const id of this.open.keys()) this.giveOut(id)
      this.lookLater()
    })
  }

  /** Gives out items of a batch while there is room for them. */
  private giveOut(id: number): void {
    const { market } = this.port
    const batch = this.open.get(id)
    if (batch === undefined || this.agenda.now >= this.setting.endMicros) return
    let from = 0
    while (hasRoomForItem(market, id)) {
      const item = nextItem(market, id, from)
      if (item < 0) return
      from = item + 1
      const isDummy = item >= batch.items
      this.recorder.add("itemsAsked", 1)
      this.calls.openItem({
        account: batch.account,
        party: batch.partyNumber,
        model: batch.model,
        inputTokens: isDummy ? 1 : batch.inputTokens,
        outputTokens: isDummy ? 1 : batch.outputTokens,
        batch: id,
        item,
      })
      if (itemStandOf(market, id, item) === "waiting") return
    }
  }

  /** An item's call is over, well or not. */
  onItemEnded(isServed: boolean): void {
    this.recorder.add("itemsEnded", 1)
    if (!isServed) return
    this.recorder.add("itemsServed", 1)
    const hour = hourOfDay(this.setting, this.agenda.now)
    if (hour >= nightFrom || hour < nightUntil) this.recorder.add("itemsServedAtNight", 1)
  }

  onClosed(command: Extract<Command, { _tag: "CloseBatch" }>): void {
    const batch = this.open.get(command.batch)
    if (batch === undefined) return
    this.open.delete(batch.id)
    const { charged, completed, expired, failed } = command
    const { recorder } = this
    recorder.add("batchesOver", 1)
    if (failed + expired === 0) recorder.add("batchesDone", 1)
    recorder.add("batchSeconds", (this.agenda.now - batch.since) / 1e6)
    recorder.add("batchItems", completed + failed + expired)
    recorder.add("batchItemsDone", completed)
    recorder.add("batchItemsVoid", failed)
    recorder.add("batchItemsLate", expired)
    recorder.add("batchCharged", charged / this.setting.credit)
    const { party } = batch
    if (party === undefined) return
    party.worthOfHours += Math.min(batch.items, completed) * batch.worth
    party.spentMinor += charged
  }
}

/** The night, in which calls are few. */
const nightFrom = 22
const nightUntil = 8
