/**
 * The prices of nodes, where hosts set them: what an operator sees when it thinks about one, the strategy
 * that says what it wants, and the asking for it within what the market allows. What the market refuses
 * all the same stays as it was until the operator decides again.
 */
import type { LevelView, Stream } from "../../../engine/index.ts"
import {
  instanceView,
  marketView,
  nodeView,
  openStream,
  roundDown,
  roundUp,
} from "../../../engine/index.ts"
import type { PriceView, RivalLevel } from "../../agents/prices/price-view.ts"
import { priceStrategies } from "../../agents/prices/strategies.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import type { Recorder } from "../../recording/recorder.ts"
import type { PriceSettings } from "../../scenarios/price-settings.ts"
import type { Nodes } from "../nodes/nodes.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import { costPerMtok } from "./costs.ts"

const dayMicros = 86_400e6
/** What the latest epoch weighs in what is believed of a price. */
const weight = 0.3

/** The highest price that there is, minor units: amounts are whole numbers that a double holds. */
const dearest = roundDown(Number.MAX_SAFE_INTEGER)

/** What a node is priced by, and what it has learned of prices on the model that it serves. */
interface Pricing {
  readonly settings: PriceSettings
  readonly stream: Stream
  /** By step of the price above or below the list: moving average of the profit a day, credits. */
  readonly believed: Map<number, number>
  model: number
  /** What it asks, minor units, and since when; 0: nothing of its own as yet. */
  price: number
  setAt: number
}

export class Prices {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly recorder: Recorder
  private readonly nodes: Nodes
  private readonly nodesOf: ReadonlyArray<ReadonlyArray<number>>
  /** By node; undefined: it asks what the platform lists. */
  private readonly pricings: Array<Pricing | undefined> = []

  /** `nodesOf`: by operator, its nodes. */
  constructor(
    setting: Setting,
    agenda: Agenda,
    port: MarketPort,
    recorder: Recorder,
    nodes: Nodes,
    nodesOf: ReadonlyArray<ReadonlyArray<number>>,
  ) {
    this.setting = setting
    this.agenda = agenda
    this.port = port
    this.recorder = recorder
    this.nodes = nodes
    this.nodesOf = nodesOf
  }

  /** How a new node is priced; `entity` names the stream of its draws. */
  assign(node: number, settings: PriceSettings | null, entity: number | string): void {
    if (settings === null || !this.setting.hasHostPrices) return
    this.pricings[node] = {
      settings,
      stream: openStream(this.setting.seed, "price", entity),
      believed: new Map(),
      model: -1,
      price: 0,
      setAt: 0,
    }
  }

  /** By node, what it is priced by; "": what the platform lists. */
  strategyOf(node: number): string {
    return this.pricings[node]?.settings.strategy ?? ""
  }

  /** A node begins to serve its model: its first price there is free to choose. */
  open(node: number): void {
    const pricing = this.pricings[node]
    if (pricing === undefined) return
    pricing.believed.clear()
    pricing.model = this.nodes.columns.model[node]
    pricing.price = 0
    this.decide(node, pricing)
  }

  /** The operator of a serving node thinks about its price; `profit`: credits a day since it last did, where that is telling. */
  reconsider(node: number, profit: number | null): void {
    const pricing = this.pricings[node]
    if (pricing === undefined) return
    if (profit !== null && pricing.price > 0) this.learn(pricing, profit)
    this.decide(node, pricing)
  }

  /** The market refused a price. */
  onRefused(): void {
    this.recorder.add("priceChangesRefused", 1)
  }

  private decide(node: number, pricing: Pricing): void {
    const { settings, stream } = pricing
    const decide = priceStrategies[settings.strategy]
    const price = this.allowed(pricing, decide(this.viewOf(node, pricing), settings, stream))
    if (price === pricing.price) return
    this.recorder.add("priceChanges", 1)
    const at = this.agenda.now
    this.port.tell({ _tag: "PriceSet", at, instance: node, outputPricePerMtok: price })
    if (instanceView(this.port.market, node)?.outputPricePerMtok !== price) return
    pricing.price = price
    pricing.setAt = at
  }

  /** The nearest price that the market's rules allow, minor units: they are published, and an operator reads them. */
  private allowed({ price: before, setAt }: Pricing, credits: number): number {
    const { credit, scenario } = this.setting
    const { maxRaisePerDay } = scenario.economy.pricing
    const wanted = Math.min(dearest, Math.max(1, credits * credit))
    const least = Math.max(1, Math.round(this.leastPrice() * credit))
    const days = Math.min(1, (this.agenda.now - setAt) / dayMicros)
    const most =
      before === 0 || maxRaisePerDay === 0 ? Infinity : before * (1 + maxRaisePerDay * days)
    // Up, so that rounding never takes a price below the cost that it was worked out from.
    const rounded = roundUp(Math.ceil(Math.max(least, wanted)))
    return rounded <= most ? rounded : Math.max(before, roundDown(Math.floor(most)))
  }

  private leastPrice(): number {
    return this.setting.scenario.economy.pricing.leastPerMtok
  }

  private viewOf(node: number, pricing: Pricing): PriceView {
    const { setting, nodes, port } = this
    const { scenario, credit } = setting
    const { columns } = nodes
    const model = columns.model[node]
    const cost = costPerMtok(setting, columns, node)
    return {
      price: pricing.price === 0 ? null : pricing.price / credit,
      listPrice: scenario.models[model].outputPricePerMtok,
      leastPrice: Math.max(1 / credit, this.leastPrice()),
      breakEvenPrice: cost / (1 - scenario.economy.feeBps / 10_000),
      rivals: this.rivalsOf(node, marketView(port.market)[model].levels),
      believedProfitAt: (price) => pricing.believed.get(this.stepOf(pricing, price)) ?? null,
      temperatureCreditsPerDay: scenario.operators.temperatureCreditsPerDay,
    }
  }

  /** The levels without the operator's own nodes: none of those that are offline is in them. */
  private rivalsOf(node: number, levels: ReadonlyArray<LevelView>): ReadonlyArray<RivalLevel> {
    const { columns } = this.nodes
    const own = new Map<number, number>()
    for (const mine of this.nodesOf[columns.operator[node]]) {
      const view = instanceView(this.port.market, mine)
      if (view === undefined || columns.model[mine] !== columns.model[node]) continue
      if (nodeView(this.port.market, mine)?.isOnline !== true) continue
      own.set(view.outputPricePerMtok, (own.get(view.outputPricePerMtok) ?? 0) + 1)
    }
    return levels.flatMap(({ outputPricePerMtok, instances, hasRoom }) => {
      const others = instances - (own.get(outputPricePerMtok) ?? 0)
      const price = outputPricePerMtok / this.setting.credit
      return others > 0 ? [{ price, instances: others, hasRoom }] : []
    })
  }

  private learn(pricing: Pricing, profit: number): void {
    const step = this.stepOf(pricing, pricing.price / this.setting.credit)
    const before = pricing.believed.get(step)
    pricing.believed.set(step, before === undefined ? profit : before + weight * (profit - before))
  }

  /** Prices about a step apart are learned of apart: the number of steps from the list price. */
  private stepOf({ settings: { step }, model }: Pricing, price: number): number {
    const { outputPricePerMtok } = this.setting.scenario.models[model]
    return Math.round(Math.log(price / outputPricePerMtok) / Math.log(1 + step))
  }
}
