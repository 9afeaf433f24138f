/**
 * Operators: which nodes are whose, what an operator sees when it decides about one, and the strategy
 * that decides for it.
 */
import type { Command, Stream } from "../../../engine/index.ts"
import { bountyPoolAccount, instanceView, lotOf, openStream } from "../../../engine/index.ts"
import { comingWeek, meanAhead } from "../../agents/ahead.ts"
import { joining } from "../../agents/strategies/profit-seeker.ts"
import { strategies } from "../../agents/strategies/catalogue.ts"
import type { Decision, OperatorView, RunningCost } from "../../agents/view.ts"
import { costAt } from "../../agents/view.ts"
import type { Agenda } from "../../kernel/agenda.ts"
import { beginPeriod, busyMicrosOf, onlineMicrosOf, payOf } from "../nodes/node-meters.ts"
import type { NewNode, Nodes } from "../nodes/nodes.ts"
import type { Accounts } from "../stage/accounts.ts"
import type { MarketPort } from "../stage/market-port.ts"
import type { Setting } from "../stage/setting.ts"
import { hourOfDay, strategyNumber } from "../stage/setting.ts"
import type { Beliefs, Epoch } from "./beliefs.ts"
import { believedAtHour, believedOnModel, isTelling, learn, noBeliefs } from "./beliefs.ts"
import type { PriceSettings } from "../../scenarios/price-settings.ts"
import type { HourlyCost } from "./costs.ts"
import { hourlyCostOf, outsideCreditsPerDay } from "./costs.ts"
import type { Prices } from "./prices.ts"
import type { PublicBoard } from "./public-board.ts"
import { rampAheadOf } from "./public-board.ts"

const hourMicros = 3_600e6
const dayMicros = 24 * hourMicros

/** A node as its owner adds it. */
export interface OwnedNode extends Omit<NewNode, "strategy" | "hourlyCost"> {
  readonly strategy: string
  /** How it is priced where hosts set prices; null: it asks what the platform lists. */
  readonly price: PriceSettings | null
}

export class Operators {
  private readonly setting: Setting
  private readonly agenda: Agenda
  private readonly port: MarketPort
  private readonly accounts: Accounts
  private readonly nodes: Nodes
  private readonly board: PublicBoard
  private readonly prices: Prices
  /** By operator: its nodes, first to last. */
  readonly nodesOf: Array<Array<number>>
  /** Operators of no party: those who may also be consumers. */
  readonly residents: Array<number> = []
  /** By node: what it has learned, once it has decided. */
  private readonly beliefs: Array<Beliefs | undefined> = []
  private readonly decisionStreams: Array<Stream> = []

  constructor(
    setting: Setting,
    agenda: Agenda,
    port: MarketPort,
    accounts: Accounts,
    nodes: Nodes,
    board: PublicBoard,
    prices: Prices,
    nodesOf: Array<Array<number>>,
  ) {
    this.setting = setting
    this.agenda = agenda
    this.port = port
    this.accounts = accounts
    this.nodes = nodes
    this.board = board
    this.prices = prices
    this.nodesOf = nodesOf
  }

  /** A new operator, without nodes as yet; returns its number. */
  signUp(): number {
    const operator = this.nodesOf.length
    this.nodesOf.push([])
    this.accounts.openOperator(operator)
    return operator
  }

  /** The market finds two operators to be one. */
  link(operator: number, other: number): void {
    this.accounts.link(operator, other)
  }

  /** An operator of no party, who may be a consumer as well. */
  signUpResident(): number {
    const operator = this.signUp()
    this.residents.push(operator)
    return operator
  }

  /** Adds a node of an operator, whose life has not begun; returns its number. */
  addNode({ strategy, price, ...added }: OwnedNode): number {
    const { setting } = this
    const number = strategyNumber(setting, strategy)
    const node = this.nodes.add({
      ...added,
      strategy: number,
      hourlyCost: hourlyCostOf(setting, added.device, setting.strategies[number].strategy),
    })
    this.decisionStreams[node] = openStream(setting.seed, "decision", added.entity)
    this.nodesOf[added.operator].push(node)
    this.prices.assign(node, price, added.entity)
    return node
  }

  /** Lets the operator of a serving node decide; it also takes out what it has earned. */
  decide(node: number): Decision {
    const { columns } = this.nodes
    this.accounts.withdraw(columns.operator[node])
    const { models, operators } = this.setting.scenario
    const epoch = this.epochOf(node)
    learn((this.beliefs[node] ??= noBeliefs(models.length)), epoch, operators.memoryDays)
    const { strategy } = this.setting.strategies[columns.strategy[node]]
    const decision = strategy.decide(this.viewOf(node), this.decisionStreams[node])
    // Whoever moves on is asked for its price where it begins to serve again.
    if (decision._tag === "Stay") this.prices.reconsider(node, this.profitPerDay(node, epoch))
    return decision
  }

  /** What a day online left in an epoch, credits; null where the epoch says too little. */
  private profitPerDay(node: number, epoch: Epoch): number | null {
    return isTelling(epoch)
      ? (epoch.earnedCredits * dayMicros) / epoch.onlineMicros -
          costAt(this.costOf(node), this.utilisationOf(node) ?? 0)
      : null
  }

  /** From now on, what a node earns counts towards its next decision. */
  beginEpoch(node: number): void {
    const { columns } = this.nodes
    const { now } = this.agenda
    columns.decidedAt[node] = now
    columns.busyAtDecision[node] = busyMicrosOf(columns, node, now)
    columns.payAtDecision[node] = payOf(columns, node)
    columns.onlineAtDecision[node] = onlineMicrosOf(columns, node, now)
    columns.rampAtDecision[node] = this.rampOf(node)
  }

  /**
   * Demand begins: what nodes did before it made them old, and counts neither as time in which they
   * could have earned nor against their earnings when they first decide.
   */
  beginBooks(): void {
    const { table, columns } = this.nodes
    for (let node = 0; node < table.count; node++) {
      columns.onlineBefore[node] = onlineMicrosOf(columns, node, this.agenda.now)
      this.beginEpoch(node)
      beginPeriod(columns, node, instanceView(this.port.market, node)?.onlineMicros ?? 0)
    }
  }

  /** Gives each of an operator's nodes its part of a bounty, by what it claimed this hour. */
  shareBounty({ debit, credit, amount }: Extract<Command, { _tag: "Post" }>): void {
    if (debit !== bountyPoolAccount) return
    const operator = this.accounts.operatorOfCustomer[lotOf(credit)?.customer ?? -1]
    const { columns } = this.nodes
    const nodes = this.nodesOf[operator]
    let claimed = 0
    for (const node of nodes) claimed += columns.claimHour[node]
    if (claimed === 0) return
    for (const node of nodes) {
      const part = (amount * columns.claimHour[node]) / claimed
      columns.bounty[node] += part
      columns.paySince[node] += part
    }
  }

  /** Would somebody with this device join now, and with which model? −1: stays away. */
  chooseToJoin(device: number, stream: Stream): number {
    const { setting } = this
    const { economy, operators } = setting.scenario
    const rampAhead = rampAheadOf(setting, economy.ramp.start)
    const cap = economy.trust.tiers[0].maxMultiplier
    const onlooker = { device, current: -1, cap, rampAhead, beliefs: undefined }
    const decision = joining(
      {
        current: -1,
        earnedCreditsPerDay: null,
        cost: dailyCost(hourlyCostOf(setting, device, strategies.profit)),
        outsideCreditsPerDay: outsideCreditsPerDay(setting, device, strategies.profit),
        utilisation: null,
        hourOfDay: hourOfDay(setting, this.agenda.now),
        believedCreditsInHour: null,
        providerShare: 1 - economy.feeBps / 10_000,
        rampAhead,
        stayLoss: 0,
        // A node's first model is no switch.
        switchLoss: 0,
        outlooks: this.board.outlooksOf(onlooker),
        temperatureCreditsPerDay: operators.temperatureCreditsPerDay,
      },
      stream,
    )
    return decision._tag === "Switch" ? decision.model : -1
  }

  private viewOf(node: number): OperatorView {
    const { setting, board } = this
    const { scenario } = setting
    const { columns } = this.nodes
    const { now } = this.agenda
    const instance = instanceView(this.port.market, node)
    if (instance === undefined)
      throw new Error(`simulator: node ${node} serves without an instance`)
    const { initialReduction, maxReduction, decayHours } = scenario.economy.flap
    const decayed = (now - columns.switchedAt[node]) / hourMicros
    const afterSwitch = Math.min(maxReduction, instance.reduction + initialReduction)
    const rampAhead = rampAheadOf(setting, instance.ramp)
    const hour = hourOfDay(setting, now)
    const beliefs = this.beliefs[node]
    const earned = believedOnModel(beliefs, columns.model[node])
    return {
      current: columns.model[node],
      earnedCreditsPerDay: earned === null ? null : rampAhead * earned,
      cost: this.costOf(node),
      outsideCreditsPerDay: outsideCreditsPerDay(
        setting,
        columns.device[node],
        setting.strategies[columns.strategy[node]].strategy,
      ),
      providerShare: 1 - scenario.economy.feeBps / 10_000,
      rampAhead,
      utilisation: this.utilisationOf(node),
      hourOfDay: hour,
      believedCreditsInHour: believedAtHour(beliefs, hour),
      stayLoss: meanAhead(instance.reduction, Math.max(0, decayHours - decayed), comingWeek),
      switchLoss: meanAhead(afterSwitch, decayHours, comingWeek),
      outlooks: board.outlooksOf({
        device: columns.device[node],
        current: columns.model[node],
        cap: instance.maxMultiplier,
        rampAhead,
        beliefs,
      }),
      temperatureCreditsPerDay: scenario.operators.temperatureCreditsPerDay,
    }
  }

  /** What a node was since its operator last decided. */
  private epochOf(node: number): Epoch {
    const { columns } = this.nodes
    const { now } = this.agenda
    return {
      model: columns.model[node],
      earnedCredits: (payOf(columns, node) - columns.payAtDecision[node]) / this.setting.credit,
      // The ramp rose by the hour: its mean lies midway.
      ramp: (columns.rampAtDecision[node] + this.rampOf(node)) / 2,
      onlineMicros: onlineMicrosOf(columns, node, now) - columns.onlineAtDecision[node],
      lengthMicros: now - columns.decidedAt[node],
      hour: hourOfDay(this.setting, now),
    }
  }

  /** Part of the node's slots that was busy since it last decided; null where it was not online. */
  private utilisationOf(node: number): number | null {
    const { columns } = this.nodes
    const { onlineMicros } = this.epochOf(node)
    if (onlineMicros <= 0) return null
    const busy = busyMicrosOf(columns, node, this.agenda.now) - columns.busyAtDecision[node]
    return Math.min(1, busy / (onlineMicros * columns.slots[node]))
  }

  private rampOf(node: number): number {
    return instanceView(this.port.market, node)?.ramp ?? this.setting.scenario.economy.ramp.start
  }

  private costOf(node: number): RunningCost {
    const { idleCost, loadCost } = this.nodes.columns
    return dailyCost({ idle: idleCost[node], load: loadCost[node] })
  }
}

const dailyCost = ({ idle, load }: HourlyCost): RunningCost => ({
  idleCreditsPerDay: 24 * idle,
  loadCreditsPerDay: 24 * load,
})
